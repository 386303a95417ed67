// An outside consumer of OneRoster 1.2 and 1.1, which knows the specification and
// nothing of the house: with a licence's credential it walks every collection by the
// addresses that each page names, and what belongs to the first object of each.
//
//	node e2e/consumer.mjs https://aval.example CLIENT_ID CLIENT_SECRET [word that must not leave…]
import { pathToFileURL } from 'node:url'

const purl = 'https://purl.imsglobal.org/spec/or/'
export const versions = { v1p2: '/ims/oneroster/rostering/v1p2', v1p1: '/ims/oneroster/v1p1' }
const collections = ['orgs', 'schools', 'academicSessions', 'terms', 'gradingPeriods', 'courses', 'classes', 'enrollments', 'users', 'students', 'teachers']
const within = {
  schools: ['classes', 'courses', 'enrollments', 'students', 'teachers', 'terms'], courses: ['classes'], classes: ['students', 'teachers'],
  users: ['classes'], students: ['classes'], teachers: ['classes'], terms: ['classes', 'gradingPeriods'],
}
const encode = (s) => encodeURIComponent(s).replace(/[-_.!~*'()]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase())
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

// client signs in for a version, and answers what asks: an address, or a path of the version, to
// { status, total, next, objects, bytes }.
export async function client(house, id, secret, version) {
  const answer = await fetch(house + '/ims/oneroster/token', {
    method: 'POST',
    headers: { authorization: 'Basic ' + btoa(encode(id) + ':' + encode(secret)), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: `${purl}${version}/scope/roster.readonly ${purl}${version}/scope/roster-demographics.readonly` }),
  })
  if (!answer.ok) throw new Error('no token: ' + answer.status)
  const { access_token: token } = await answer.json()
  return async function ask(path) {
    for (let again = 0; ; again++) {
      const page = await fetch(path.startsWith('http') ? path : house + versions[version] + '/' + path, { headers: { authorization: 'Bearer ' + token } })
      const text = await page.text()
      if (page.status === 429 && again < 10) {
        await pause(1000 * Number(page.headers.get('retry-after')))
        continue
      }
      const [found] = Object.values(JSON.parse(text))
      return {
        status: page.status, total: Number(page.headers.get('x-total-count')), objects: page.ok ? [found].flat() : [],
        next: /<([^>]+)>; *rel="next"/.exec(page.headers.get('link') ?? '')?.[1], bytes: [...page.headers].flat().join('\n') + '\n' + text,
      }
    }
  }
}

// pages walks a collection, and answers its objects and every byte that came.
async function pages(ask, path, limit, wrong) {
  const objects = []
  let bytes = '', count = 0, total
  for (let next = `${path}?limit=${limit}`; next; count++) {
    const page = await ask(next)
    bytes += page.bytes
    if (page.status !== 200) throw new Error(`${path}: ${page.status}`)
    if (page.objects.length > limit) wrong.push(`a page of ${path} has ${page.objects.length} objects`)
    objects.push(...page.objects)
    total = page.total
    next = page.next
  }
  if (objects.length !== total) wrong.push(`${path} has ${objects.length} objects of ${total}`)
  if (new Set(objects.map((o) => o.sourcedId)).size !== objects.length) wrong.push(`${path} has an object twice`)
  return { objects, bytes, count }
}

// walk reads all that a credential opens in a version: { counts, pages, objects, bytes, wrong },
// where wrong is what of it is not as the specification says.
export async function walk(house, id, secret, version = 'v1p2', limit = 100) {
  const ask = await client(house, id, secret, version)
  const all = { counts: {}, pages: {}, objects: {}, bytes: '', wrong: [] }
  const read = async (path) => {
    const { objects, bytes, count } = await pages(ask, path, limit, all.wrong)
    Object.assign(all, { bytes: all.bytes + bytes })
    return [objects, count]
  }
  for (const name of collections) {
    [all.objects[name], all.pages[name]] = await read(name)
    all.counts[name] = all.objects[name].length
    const [first] = all.objects[name]
    if (!first) continue
    const one = await ask(`${name}/${first.sourcedId}`)
    all.bytes += one.bytes
    if (one.objects[0]?.sourcedId !== first.sourcedId) all.wrong.push(`${name} has another object alone`)
    for (const related of within[name] ?? []) await read(`${name}/${first.sourcedId}/${related}`)
  }
  const [school] = all.objects.schools, seat = all.objects.classes.find((c) => c.school?.sourcedId === school?.sourcedId)
  for (const related of seat ? ['enrollments', 'students', 'teachers'] : []) await read(`schools/${school.sourcedId}/classes/${seat.sourcedId}/${related}`)
  const births = await ask('demographics')
  all.bytes += births.bytes
  all.demographics = births.status
  return all
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [house, id, secret, ...words] = process.argv.slice(2)
  for (const version of Object.keys(versions)) {
    const all = await walk(house, id, secret, version)
    for (const word of words) if (all.bytes.includes(word)) all.wrong.push(`${word} left in ${version}`)
    console.log(version, all.counts)
    console.log('given names:', [...new Set(all.objects.users.map((u) => u.givenName))].join(', '))
    if (all.wrong.length) throw new Error(all.wrong.join('\n'))
  }
}
