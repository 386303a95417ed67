// An outside consumer of OneRoster 1.2, which knows the specification and nothing of the
// house: with a licence's credential it walks every collection by the addresses that
// each page names, and prints how many objects each has and the names that it was given.
//
//	node e2e/consumer.mjs https://aval.example CLIENT_ID CLIENT_SECRET [word that must not leave…]
const [house, id, secret, ...words] = process.argv.slice(2)
const encode = (s) => encodeURIComponent(s).replace(/[-_.!~*'()]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase())

const answer = await fetch(house + '/ims/oneroster/token', {
  method: 'POST',
  headers: { authorization: 'Basic ' + btoa(encode(id) + ':' + encode(secret)), 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly' }),
})
if (!answer.ok) throw new Error('no token: ' + answer.status)
const { access_token: token } = await answer.json()

const names = new Set()
const wrong = []
for (const collection of ['orgs', 'academicSessions', 'courses', 'classes', 'enrollments', 'users', 'students', 'teachers', 'schools', 'terms']) {
  const seen = new Set()
  let next = `${house}/ims/oneroster/rostering/v1p2/${collection}?limit=100`
  let total
  while (next) {
    const page = await fetch(next, { headers: { authorization: 'Bearer ' + token } })
    const text = await page.text()
    if (!page.ok) throw new Error(`${next}: ${page.status} ${text}`)
    const bytes = [...page.headers].flat().join('\n') + text
    for (const word of words) if (bytes.includes(word)) wrong.push(`${word} is in a page of ${collection}`)
    total = Number(page.headers.get('x-total-count'))
    for (const object of Object.values(JSON.parse(text))[0]) {
      if (seen.has(object.sourcedId)) wrong.push(`${collection} has ${object.sourcedId} twice`)
      seen.add(object.sourcedId)
      if (object.givenName) names.add(object.givenName)
    }
    next = /<([^>]+)>; *rel="next"/.exec(page.headers.get('link') ?? '')?.[1]
  }
  if (seen.size !== total) wrong.push(`${collection} has ${seen.size} objects of ${total}`)
  console.log(collection, seen.size)
}
console.log('given names:', [...names].join(', '))
if (wrong.length) throw new Error(wrong.join('\n'))
