// A roster in the browser: a file that the guard stops, a set that is sent, looked at and taken in, one that
// would let most pupils go, a plain table of an information system, two records of one child, a correction that
// a teacher asks for, an export that leaves, and the button for a breach.
import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { launch, look, person, widths } from './house.mjs'
import { decided, licensed, open, workbook, zipped } from './board.mjs'

let browser, board, licence, it
before(async () => {
  browser = await launch()
  board = await open()
  licence = await licensed(board, await decided(board, 'Lirelou', ['grade']), 'none')
  it = await person(browser, 'it', { at: board })
})
after(async () => {
  await browser?.close()
  await board?.close()
})

const send = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)])
const said = (page) => page.locator('main').innerText()
const errors = (page) => page.locator('.av-errors').count()

// both looks at a page on a desk and on a phone.
async function both(page, what) {
  for (const width of ['phone', 'desk']) {
    await page.setViewportSize(widths[width])
    await look(page, `${what}, ${width}`)
  }
}

// until reads a page again until it holds something, at most a minute.
async function until(page, selector, what) {
  const end = Date.now() + 60_000
  while (!await page.locator(selector).count()) {
    assert.ok(Date.now() < end, `${what}: ${await said(page)}`)
    await page.reload()
  }
}

// sends a set by the page, and waits, as the page does by itself, until it says what would change.
async function sends(page, set) {
  await page.goto(board.address + '/roster')
  await send(page, 'main a[href="/roster/import"]')
  await page.setInputFiles('[name=file]', { name: 'ensemble.zip', mimeType: 'application/zip', buffer: set })
  await send(page, 'form[action="/roster/import"] button')
  assert.equal(await errors(page), 0, await said(page))
  await page.waitForSelector('#changes', { timeout: 60_000 })
}

// takes confirms it, and waits until the roster is up to date.
async function takes(page) {
  await send(page, 'form[action$="/confirm"] button')
  assert.equal(await errors(page), 0, await said(page))
  await page.waitForSelector('.av-note.is-ok', { timeout: 60_000 })
}

// cells are the numbers of a row of a table, found by what its first cell begins with.
const cells = (page, table, head) => page.locator(`table[aria-labelledby=${table}] tr`, { has: page.locator('th', { hasText: head }) })
  .locator('td').allInnerTexts().then((all) => all.map((text) => text.trim()))

// asks for a file of the platform by the page, and answers what its row says once it is made.
async function asks(page, profile = 'oneroster-1.2') {
  await page.goto(`${board.address}/licences/${licence}/exports`)
  await page.check(`[name=profile][value="${profile}"]`)
  await send(page, `form[action="/licences/${licence}/exports"] button`)
  assert.equal(await errors(page), 0, await said(page))
  const end = Date.now() + 60_000
  for (;;) {
    const row = await page.locator('table[aria-labelledby=exports] tbody tr').first().innerText()
    if (!row.includes('En préparation')) return row
    assert.ok(Date.now() < end, row)
    await page.reload()
  }
}

test('a group of three does not leave, and the page says where it stands', async () => {
  const page = await person(browser, 'evaluator', { at: board })
  const row = await asks(page)
  assert.match(row, /groupe trop petit/, row)
  assert.equal(await page.locator('form[action$="/approve"], form[action$="/download"]').count(), 0, 'what was stopped may leave')
  await both(page, 'a stopped file')
  await page.context().close()
})

test('a set is looked at, and taken in', async () => {
  await it.goto(board.address + '/roster/import')
  await send(it, 'form[action="/roster/import"] button')
  assert.ok(await errors(it), 'a file is asked for')
  await it.setInputFiles('[name=file]', { name: 'liste.zip', mimeType: 'application/zip', buffer: Buffer.from('Bonjour') })
  await send(it, 'form[action="/roster/import"] button')
  await it.waitForSelector('.av-errors, .av-note.is-stop')
  await both(it, 'what is no set')

  const moved = Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`k1e${n}`, 'k3']))
  await sends(it, zipped({ moved, stays: (pupil) => pupil !== 'k1e29' }))
  assert.deepEqual(await cells(it, 'changes', 'Élèves'), ['0', '6', '1', '0'])
  assert.deepEqual((await cells(it, 'by-school', 'École du Grand-Pin')).slice(0, 4), ['0', '6', '0', '0'])
  assert.deepEqual((await cells(it, 'by-school', 'École des Outardes')).slice(0, 4), ['0', '0', '6', '1'])
  await both(it, 'what would change')
  await takes(it)
  await both(it, 'what changed')
})

test('a set without most pupils stops for a person, in English', async () => {
  const page = await person(browser, 'it', { at: board, lang: 'en', viewport: widths.phone })
  await sends(page, zipped({ stays: (pupil) => !/e1\d$/.test(pupil) }))
  assert.match(await said(page), /would (retire|make)/i)
  await both(page, 'a set that stops')
  await send(page, 'form[action$="/confirm"] button')
  assert.ok(await errors(page), 'it is taken in without a word')
  await both(page, 'a set that is not confirmed')
  await page.check('[name=retire]')
  await takes(page)
  await page.goto(board.address + '/roster')
  await both(page, 'the imports')
  await sends(page, zipped())
  assert.deepEqual((await cells(page, 'changes', 'Students')).slice(0, 3), ['20', '0', '0'])
  await takes(page)
  await page.context().close()
})

test('a plain table is mapped, and how it was read can be read again', async () => {
  await it.goto(board.address + '/mappings')
  const rows = ['No fiche;Nom de famille;Prénom;École;Niveau;Groupe;Local', 'P9001;Quenneville;Odile;N-1;1re année;101;A-2',
    'P9002;Rondeau;Maël;N-1;1re année;101;A-2', 'P9003;Sylvestre;;N-1;1re année;101;A-2', ';Trudel;Éloi;N-1;1re année;101;A-2']
  await it.setInputFiles('[name=file]', { name: 'eleves.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\r\n'), 'latin1') })
  await send(it, 'form[action="/mappings"] button')
  await both(it, 'which column holds what')
  const kept = await it.inputValue('[name="pupils.number"]')
  assert.equal(kept, 'No fiche', 'the number is not recognised')
  await it.selectOption('[name="pupils.number"]', '')
  await it.check('[name=covers][value=schools]')
  await it.fill('[name=name]', 'Système de la maison')
  await send(it, 'form[action$="/save"] button')
  assert.ok(await errors(it), 'a number is asked for')
  assert.equal(await it.inputValue('[name=name]'), 'Système de la maison', 'typed text is kept')
  assert.equal(await it.isChecked('[name=covers][value=schools]'), true, 'what was chosen is kept')
  await both(it, 'without the number')
  await it.selectOption('[name="pupils.number"]', 'No fiche')
  await send(it, 'form[action$="/save"] button')
  assert.equal(await errors(it), 0, await said(it))
  const read = await said(it)
  await it.reload()
  assert.equal(await said(it), read, 'read again, it is another page')
  assert.ok(!read.includes('Trudel') && !read.includes('Sylvestre'), 'a cell of the file is on the page')
  await both(it, 'how it was read')
  await send(it, 'main a.btn-primary')
  await it.waitForSelector('#changes', { timeout: 60_000 })
  await send(it, 'form[action$="/cancel"] button')
  await both(it, 'cancelled')
})

test('a workbook of the same system is known by its headers', async () => {
  await it.goto(board.address + '/mappings')
  const rows = [['No fiche', 'Nom de famille', 'Prénom', 'École', 'Niveau', 'Groupe', 'Local', 'Transport'],
    ['P9001', 'Quenneville', 'Odile', 'N-1', '1re année', '101', 'A-2', 'B & C'],
    ['P9002', 'Rondeau', 'Maël', 'N-1', '1re année', '101', 'A-2', '']]
  await it.setInputFiles('[name=file]', { name: 'eleves.xlsx', mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', buffer: workbook(rows) })
  await send(it, 'form[action="/mappings"] button')
  assert.equal(await errors(it), 0, await said(it))
  assert.equal(await it.inputValue('[name=name]'), 'Système de la maison', 'the mapping is not known again')
  assert.equal(await it.inputValue('[name="pupils.number"]'), 'No fiche')
  assert.equal(await it.isChecked('[name=covers][value=schools]'), true)
  assert.match(await it.locator('.av-note.is-wait').innerText(), /Transport/, 'a new column is not said')
  await both(it, 'a workbook that is known')
  await send(it, 'form[action$="/save"] button')
  assert.equal(await errors(it), 0, await said(it))
  await it.waitForSelector('#changes', { timeout: 60_000 })
  await both(it, 'what a workbook would change')
  assert.equal((await cells(it, 'changes', 'Élèves'))[0], '2')
  await send(it, 'form[action$="/cancel"] button')
})

test('two records of one child are joined, and apart again', async () => {
  // The source has begun to know a pupil by a second id, under the same number.
  const again = { 'users.csv': (text) => text + 'k1e7b,,,true,k1e7b,,Aël,Lac,,Nk1e7,,,,,01\r\n',
    'roles.csv': (text) => text + 'rk1e7b,,,k1e7b,primary,student,2026-08-24,2099-06-24,s1\r\n' }
  await sends(it, zipped({ edit: again }))
  assert.ok(await it.locator('#suspicious').count(), 'nothing is suspicious')
  await both(it, 'a suspicious set')
  await takes(it)
  await it.goto(board.address + '/roster/people/suspicious')
  await both(it, 'what is suspicious')
  await send(it, 'main a[href*="&b="]')
  await both(it, 'before two records are shown')
  await send(it, 'form[action$="/compare"] button')
  await both(it, 'two records')
  await send(it, 'form[action$="/merge"] button')
  assert.ok(await errors(it), 'which record stays is asked')
  await both(it, 'which record stays')
  for (const name of ['first', 'login', 'other']) {
    const choice = it.locator(`form[action$="/merge"] [name=${name}]`)
    if (await choice.count()) await choice.first().check()
  }
  await send(it, 'form[action$="/merge"] button')
  assert.equal(await errors(it), 0, await said(it))
  await it.goto(board.address + '/roster/people')
  await both(it, 'what was done on records')
  await send(it, 'form[action$="/undo"] button')
  assert.equal(await it.locator('form[action$="/undo"]').count(), 0, 'it can be undone twice')
  await both(it, 'undone')
})

test('one record of two children is separated', async () => {
  await it.goto(board.address + '/roster/people/suspicious')
  const { id } = await pupil()
  await it.goto(`${board.address}/roster/people/compare?a=${id}`)
  await send(it, 'form[action$="/compare"] button')
  await both(it, 'one record')
  await send(it, 'form[action$="/split"] button')
  assert.ok(await errors(it), 'a name is asked for')
  const form = 'form[action$="/split"]'
  await it.fill(`${form} [name=given_name]`, 'Rosalba')
  await it.fill(`${form} [name=family_name]`, 'Vaudrin-Osk')
  await it.locator(`${form} [name=schools]`).first().check()
  if (await it.locator(`${form} [name=login]`).count()) await it.locator(`${form} [name=login]`).first().check()
  await send(it, `${form} button`)
  assert.equal(await errors(it), 0, await said(it))
  await it.goto(board.address + '/roster/people')
  await send(it, 'form[action$="/undo"] button')
  assert.match(await said(it), /Annul/)
})

// pupil is one of the teacher's class.
async function pupil() {
  const page = await person(browser, 'teacher', { at: board })
  await page.goto(board.address + '/desk')
  await send(page, 'main a[href^="/classes/"]')
  const at = await page.locator('main a[href^="/directory/pupils/"]').nth(3).getAttribute('href')
  return { page, at, id: at.split('/').pop() }
}

test('a teacher says what is wrong, and who keeps the source answers', async () => {
  const { page, at } = await pupil()
  await page.setViewportSize(widths.phone)
  await page.goto(board.address + at)
  await both(page, 'a pupil in the directory')
  await send(page, 'main a[href*="kind=name"]')
  await page.fill('[name=given]', '')
  await send(page, 'form[action="/corrections"] button')
  assert.ok(await errors(page), 'a name is asked for')
  await both(page, 'without a name')
  await page.fill('[name=given]', 'Théophane-Loup')
  await page.fill('[name=text]', 'Écrit ainsi sur l’acte de naissance.')
  await send(page, 'form[action="/corrections"] button')
  assert.equal(await errors(page), 0, await said(page))
  await it.goto(board.address + '/corrections')
  await both(it, 'what schools found wrong')
  await send(it, 'main tbody a')
  assert.match(await said(it), /Théophane-Loup/)
  await send(it, 'form[action$="/take"] button')
  await both(it, 'a correction that was taken')
  await send(it, 'form[action$="/refuse"] button')
  assert.ok(await errors(it), 'a reason is asked for')
  await send(it, 'form[action$="/done"] button')
  assert.equal(await errors(it), 0, await said(it))
  await both(it, 'a correction that is done')
  await page.context().close()
})

test('a file leaves by two hands, with pseudonyms alone', async () => {
  await sends(it, zipped({ moved: Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`k1e${n}`, 'k3'])) }))
  await takes(it)
  const one = await person(browser, 'evaluator', { at: board }), two = await person(browser, 'evaluation_director', { at: board })
  const row = await asks(one)
  assert.match(row, /À approuver/)
  assert.equal(await one.locator('form[action$="/download"]').count(), 0, 'a file is downloaded before it is approved')
  await two.goto(`${board.address}/licences/${licence}/exports`)
  await both(two, 'a file to approve')
  await send(two, 'form[action$="/approve"] button')
  await one.reload()
  const [download] = await Promise.all([one.waitForEvent('download'), one.click('form[action$="/download"] button')])
  const bytes = readFileSync(await download.path()).toString('latin1')
  assert.ok(bytes.startsWith('PK') && bytes.includes('users.csv'), 'it is no set')
  for (const word of ['Oriane', 'Vaudrin', 'Tremblefeuille', '@ecole.example', 'Nk1e']) assert.ok(!bytes.includes(word), word + ' left')
  await one.reload()
  await both(one, 'what left')
  for (const page of [one, two]) await page.context().close()
})

test('a breach is answered, printed and cut off', async () => {
  const page = await person(browser, 'privacy_officer', { at: board })
  await page.goto(board.address + '/breaches')
  await send(page, 'form[action="/breaches"] button')
  assert.ok(await errors(page), 'a platform is asked for')
  await page.selectOption('[name=platform]', { label: 'Lirelou' })
  await send(page, 'form[action="/breaches"] button')
  assert.match(await said(page), /École du Grand-Pin\s+9/)
  await both(page, 'what a platform knows')
  await page.emulateMedia({ media: 'print' })
  assert.equal(await page.locator('form:visible').count(), 0, 'a form is printed')
  await look(page, 'on paper')
  await page.emulateMedia({ media: 'screen' })
  await page.click('form[action$="/cut"] .av-sure summary')
  await send(page, 'form[action$="/cut"] .av-sure button')
  await until(page, '.av-head .av-badge:has-text("Coupée")', 'the platform is not cut off')
  await both(page, 'cut off')
  await page.context().close()
})
