// What leaves for a platform, seen by its own program: a person makes the credential, an
// outside client of OneRoster walks all that it opens, and every byte is searched for
// whom the board knows. Under an undertaking what it names is found: the search can see.
import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { launch, look, person } from './house.mjs'
import { classes, decided, licensed, open } from './board.mjs'
import { client, versions, walk } from './consumer.mjs'

let browser, board, licence, page, id, secret
const logins = []
const names = ['Oriane', 'Théophane', 'Ulysse-Édouard', 'Mahaut', 'Zéphirin', 'Bérangère', 'Aël', 'Clovis', 'Wapikun', 'Marelle',
  'Vaudrin', 'Rochebrissac', 'Osk', 'Tremblefeuille', 'Épinette-Sauvageau', 'Vantadour']
const pupils = Object.entries(classes).flatMap(([id, c]) => Array.from({ length: c.pupils }, (_, n) => `${id}e${n}`))
const addresses = ['@ecole.example', ...pupils.map((pupil) => pupil + '@')]
const numbers = pupils.map((pupil) => 'N' + pupil)

before(async () => {
  browser = await launch()
  board = await open()
  const accounts = await licensed(board, await decided(board, 'Tabulou'))
  licence = await licensed(board, await decided(board, 'Lirelou', ['full_name', 'email', 'grade']), 'none')
  for (const [who, as] of [['teacher', 'principal'], ['teacher_2', 'teacher_2']]) {
    const { classes: [mine] } = await board.api(who, 'GET', '/me', 200)
    const { cards } = await board.api(as, 'POST', '/reveals', 200, { kind: 'class', class: mine, licence: accounts, reason: 'printing' })
    logins.push(...cards.map((card) => card.user_name))
  }
  page = await person(browser, 'evaluator', { at: board })
})
after(async () => {
  await browser?.close()
  await board?.close()
})

const send = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)])
const both = (f) => Promise.all(Object.keys(versions).map(f))

// left is which of some words are in what came: long ones in any case, short ones, that
// chance may write, as they are.
const left = ({ bytes }, words) => words.filter((word) => bytes.includes(word) || word.length > 5 && bytes.toLowerCase().includes(word.toLowerCase()))

// until walks in both versions until what came is as it should be, at most a minute.
async function until(what, as) {
  const end = Date.now() + 60_000
  for (;;) {
    const all = await both((version) => walk(board.address, id, secret, version, 20))
    if (all.every(as)) return all
    assert.ok(Date.now() < end, what)
  }
}

test('a person makes the credential, and its secret is shown once', async () => {
  await page.goto(`${board.address}/licences/${licence}/credential`)
  await look(page, 'no credential')
  await send(`form[action="/licences/${licence}/credential"] button`)
  await look(page, 'the secret');
  [id, secret] = await page.locator('.av-reveal code').allTextContents()
  await page.goto(`${board.address}/licences/${licence}/credential`)
  assert.ok(!(await page.content()).includes(secret), 'the secret is shown again')
  await assert.rejects(client(board.address, id, secret + 'x', 'v1p2'), /401/)
})

test('an outside client walks every page, and finds pseudonyms alone', async () => {
  const people = pupils.length + Object.keys(classes).length
  for (const all of await until('nobody came', ({ counts }) => counts.users === people)) {
    assert.deepEqual(all.wrong, [])
    assert.deepEqual(all.counts, { orgs: 4, schools: 3, academicSessions: 1, terms: 0, gradingPeriods: 0, courses: 1, classes: 3,
      enrollments: people, users: people, students: pupils.length, teachers: 3 })
    assert.equal(all.pages.users, Math.ceil(people / 20), 'a page is left out')
    assert.equal(all.demographics, 403, 'birth dates, which the decision does not name')
    assert.deepEqual([...new Set(all.objects.users.map((u) => u.givenName))].sort(), ['Personnel enseignant', 'Élève'])
    assert.deepEqual(all.objects.users.filter((u) => u.email || !/^[a-z2-7]{26}$/.test(u.sourcedId)), [])
    assert.ok(logins.length >= 60, 'the login names are not known')
    assert.deepEqual(left(all, [...names, ...addresses, ...numbers, ...logins, secret]), [])
  }
})

test('under an undertaking what it names leaves, until it ends', async () => {
  await page.goto(`${board.address}/licences/${licence}/disclosure`)
  await look(page, 'what leaves')
  const form = 'form[action$="/undertakings"]'
  await page.check(`${form} [name=form][value=agreement]`)
  await page.fill(`${form} [name=text]`, 'Agreement of 2026, article 4.')
  await page.fill(`${form} [name=conditions]`, 'Shown to the teacher alone.')
  await page.fill(`${form} [name=starts_on]`, new Date().toLocaleDateString('en-CA', { timeZone: 'America/Toronto' }))
  await page.fill(`${form} [name=ends_on]`, '2099-06-30')
  for (const field of ['given_name', 'family_name', 'email']) await page.check(`${form} [name=fields][value=${field}]`)
  await send(`${form} button[type=submit]`)
  assert.equal(await page.locator('.av-errors').count(), 0, 'the undertaking is refused')
  for (const all of await until('no name leaves', (all) => left(all, ['Vaudrin']).length)) {
    assert.deepEqual(left(all, names), names, 'the search misses a name')
    assert.deepEqual(left(all, addresses), addresses, 'the search misses an address')
    assert.deepEqual(left(all, [...numbers, ...logins, secret]), [])
  }
  await page.click('form[action$="/end"] .av-sure summary')
  await send('form[action$="/end"] button')
  for (const all of await until('names leave', (all) => !left(all, ['Vaudrin']).length)) assert.deepEqual(left(all, [...names, ...addresses]), [])
})

test('what is revoked opens nothing, at once', async () => {
  const asks = await both((version) => client(board.address, id, secret, version))
  for (const ask of asks) for (let n = 0; n < 2; n++) assert.equal((await ask('orgs')).status, 200)
  await page.goto(`${board.address}/licences/${licence}/credential`)
  await page.click('.av-sure:has(form[action$="/revoke"]) summary')
  await send('form[action$="/revoke"] button')
  for (const ask of asks) assert.equal((await ask('orgs')).status, 401)
  await assert.rejects(client(board.address, id, secret, 'v1p2'), /401/)
})
