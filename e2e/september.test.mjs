// September in the browser: accounts, the file that two people stand behind, the
// cards of a class on paper, a lost card, and a pupil who goes to another school.
import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { launch, look, person, widths } from './house.mjs'
import { decided, licensed, open, vendor } from './board.mjs'

let browser, board, platform, licence
before(async () => {
  browser = await launch()
  board = await open()
  platform = await vendor()
  licence = await licensed(board, await decided(board, 'Tabulou'))
})
after(async () => {
  await browser?.close()
  await board?.close()
  await platform?.close()
})

const send = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)])

// file takes a file of accounts through its hands, each at their own browser, and loads it.
async function file(one, two) {
  await one.goto(`${board.address}/licences/${licence}`)
  await send(one, `form[action="/licences/${licence}/files"] button`)
  assert.equal(await one.locator('form[action$="/approve"]').count(), 0, 'who prepared a file does not approve it')
  await two.goto(`${board.address}/licences/${licence}`)
  assert.equal(await two.locator('form[action$="/download"]').count(), 0, 'a file is not downloaded before it is approved')
  await look(two, 'a file to approve')
  await send(two, 'form[action$="/approve"] button')
  await one.reload()
  const [download] = await Promise.all([one.waitForEvent('download'), one.click('form[action$="/download"] button')])
  const count = platform.load(readFileSync(await download.path(), 'utf8'))
  await one.reload()
  assert.equal(await one.locator('form[action$="/download"]').count(), 0, 'a file is downloaded once')
  await send(one, 'form[action$="/confirm"] button')
  return count
}

// cards walks from the desk to the cards of a class, and answers what they say.
async function cards(page, paper) {
  await page.goto(board.address + '/desk')
  await send(page, 'main a[href^="/classes/"]')
  await send(page, 'main a[href*="/cards?"]')
  await page.check('[name=reason][value=printing]')
  await page.check(`[name=paper][value=${paper}]`)
  await send(page, 'main button[type=submit]')
  return read(page)
}

const read = (page) => page.$$eval('.av-ticket', (all) => all.map((one) => ({
  given: one.querySelector('.av-stub b').textContent.trim(), login: one.querySelector('.av-login').textContent.trim(),
  password: one.querySelector('.av-secret dd').textContent.trim(), drawn: Boolean(one.querySelector('.av-picture')),
})))

// printed prints what stands on the page, and finds each sheet on a page of its own, its cards whole.
async function printed(page, paper, count) {
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
  const pages = pdf.match(/\/Type\s*\/Page[^s]/g).length
  assert.equal(pages, Math.ceil(count / 10), paper + ': ten cards a page')
  const size = paper === 'a4' ? [595, 842] : [612, 792]
  const boxes = [...pdf.matchAll(/\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)/g)].map(([, wide, high]) => [Math.round(wide), Math.round(high)])
  assert.deepEqual(boxes, Array(pages).fill(size), 'each page is ' + paper)
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: paper === 'a4' ? 703 : 725, height: 1000 })
  const sheets = await page.$$eval('.av-sheet', (all) => all.map((sheet) => ({ high: sheet.offsetHeight,
    whole: [...sheet.querySelectorAll('.av-ticket')].every((card) => card.scrollHeight <= card.clientHeight + 1 && card.scrollWidth <= card.clientWidth + 1 &&
      card.offsetTop + card.offsetHeight <= sheet.offsetTop + sheet.offsetHeight + 1) })))
  assert.equal(sheets.length, pages, paper + ': a sheet a page')
  for (const sheet of sheets) assert.ok(sheet.whole && sheet.high <= (paper === 'a4' ? 1039 : 972), `${paper}: ${JSON.stringify(sheet)}`)
  await page.emulateMedia({ media: null })
}

test('September', async (t) => {
  const one = await person(browser, 'evaluator', { at: board }), two = await person(browser, 'evaluator_2', { at: board, lang: 'en' })
  const teacher = await person(browser, 'teacher', { at: board }), english = await person(browser, 'teacher_2', { at: board, lang: 'en' })
  let mine, lost

  await t.test('one prepares the file, another approves it, it is downloaded once', async () => {
    assert.equal(await file(one, two), 63)
    await look(one, 'a licence whose accounts are open')
  })

  await t.test('the cards of a class are whole on their pages, in both languages, and open the platform', async () => {
    mine = await cards(teacher, 'letter')
    assert.equal(mine.length, 30)
    assert.ok(mine.every((card) => card.drawn), 'the first year has pictures')
    for (const width of Object.keys(widths)) {
      await teacher.setViewportSize(widths[width])
      await look(teacher, 'cards ' + width)
    }
    await printed(teacher, 'letter', 30)
    const theirs = await cards(english, 'a4')
    assert.ok(theirs.length === 30 && !theirs.some((card) => card.drawn), 'the second year of secondary has none')
    await look(english, 'cards in English')
    await printed(english, 'a4', 30)
    for (const card of [mine[0], mine[29], theirs[7]]) assert.ok(await platform.enters(browser, card.login, card.password), 'a card opens the platform')
    assert.ok(!await platform.enters(browser, mine[0].login, mine[1].password), 'with another’s password')
  })

  await t.test('a lost card is three clicks from the desk, and the platform learns it', async () => {
    await teacher.setViewportSize(widths.desk)
    await teacher.goto(board.address + '/desk')
    await send(teacher, 'main a[href^="/classes/"]')
    await send(teacher, 'form[action$="/password"] >> nth=4 >> button')
    lost = (await read(teacher))[0]
    assert.equal(await teacher.locator('.av-ticket').count(), 1)
    await look(teacher, 'a new card')
    await printed(teacher, 'letter', 1)
    const old = mine.find((card) => card.login === lost.login)
    assert.notEqual(lost.password, old.password)
    assert.ok(await platform.enters(browser, old.login, old.password) && !await platform.enters(browser, lost.login, lost.password), 'before the file')
    assert.equal(await file(one, two), 1)
    assert.ok(!await platform.enters(browser, old.login, old.password) && await platform.enters(browser, lost.login, lost.password), 'after the file')
  })

  await t.test('a pupil who goes to another school keeps the login name, under other eyes', async () => {
    await teacher.goto(board.address + '/desk')
    await send(teacher, 'main a[href^="/classes/"]')
    const here = teacher.url(), form = teacher.locator('tr:has(form[action$="/password"])')
    const names = await form.locator('th').allTextContents()
    const gone = mine[0], name = names[0].trim()
    const account = await form.first().locator('[name=account]').inputValue()
    const pupil = Array.from({ length: 30 }, (_, n) => `k1e${n}`).find((id) => board.named(id) === name)
    board.moves({ [pupil]: 'k3' })
    await teacher.goto(here)
    assert.equal(await teacher.locator(`[name=account][value="${account}"]`).count(), 0, 'the old class has the pupil still')
    const newcomer = await person(browser, 'teacher_3', { at: board })
    const seen = (await cards(newcomer, 'letter')).find((card) => card.given === gone.given && card.login === gone.login)
    assert.equal(seen?.password, gone.password, 'the new class lacks the pupil, or the card changed')
    assert.ok(await platform.enters(browser, seen.login, seen.password))
    await newcomer.context().close()
  })
  for (const page of [one, two, teacher, english]) await page.context().close()
})
