// Who is it, in the browser: a login name as hurried hands type it, what is nobody's
// and what is out of reach, the end of a curious hour, the page of the pupil, and a
// platform's own file, which comes back with names.
import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { launch, look, person, widths } from './house.mjs'
import { classes, decided, licensed, open } from './board.mjs'

let browser, board, mine, theirs, logins
before(async () => {
  browser = await launch()
  board = await open()
  const licence = await licensed(board, await decided(board, 'Tabulou'))
  const shown = async (who, as) => {
    const { classes: [id] } = await board.api(who, 'GET', '/me', 200)
    const { people, cards } = await board.api(as, 'POST', '/reveals', 200, { kind: 'class', class: id, licence, reason: 'printing' })
    return people.map((pupil, i) => ({ ...pupil, login: cards[i].user_name }))
  }
  const pupils = await shown('teacher', 'principal')
  mine = pupils[4]
  theirs = (await shown('teacher_2', 'teacher_2'))[4]
  logins = pupils.slice(0, 8).map((pupil) => pupil.login)
})
after(async () => {
  await browser?.close()
  await board?.close()
})

const send = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)])
const said = (page) => page.locator('main').innerText()

async function ask(page, name, reason = 'handed_in') {
  await page.goto(board.address + '/reveals')
  await page.fill('[name=name]', name)
  if (reason) await page.check(`[name=reason][value=${reason}]`)
  await send(page, 'main form[action="/reveals"] button[type=submit]')
}

for (const lang of ['fr', 'en']) test(`whose a login name is, in ${lang}`, async () => {
  const page = await person(browser, 'teacher', { at: board, lang, viewport: widths.phone })
  await page.goto(board.address + '/desk')
  await look(page, 'the desk')

  await ask(page, mine.login, null)
  assert.ok(await page.locator('.av-errors').count(), 'a reason is asked for')
  assert.equal(await page.inputValue('[name=name]'), mine.login, 'typed text is kept')
  await look(page, 'without a reason')

  // One sign wrong is nobody's name; one of another school is out of reach.
  const slip = (mine.login[0] === 'b' ? 'c' : 'b') + mine.login.slice(1)
  await ask(page, slip)
  assert.ok(await page.locator('.av-errors').count(), 'a slip is seen')
  await ask(page, theirs.login)
  assert.ok(await page.locator('.av-errors').count(), 'a name out of reach is refused')
  assert.ok(!(await said(page)).includes(theirs.family_name))
  await look(page, 'out of reach')

  await ask(page, ` ${mine.login.toUpperCase().replace('-', '  ')} `)
  assert.match(await said(page), new RegExp(`${mine.given_name} ${mine.family_name}`))
  assert.ok(!page.url().includes(mine.login) && !(await page.title()).includes(mine.family_name), 'the browser remembers whom it was about')
  for (const width of Object.keys(widths)) {
    await page.setViewportSize(widths[width])
    await look(page, 'the answer ' + width)
  }

  // The pupil's page says who looked, and not the login name.
  await send(page, `a[href="/pupils/${mine.id}"]`)
  await look(page, 'the pupil')
  const about = await said(page)
  assert.match(about, /Personne teacher/)
  assert.match(about, new RegExp(classes.k1.title))
  assert.ok(!about.includes(mine.login))
  await assert.rejects(page.goBack(), /ERR_CACHE_MISS/, 'the answer comes back')
  await page.context().close()
})

test('a curious hour has an end, and a second person allows more', async () => {
  const teacher = await person(browser, 'teacher', { at: board }), principal = await person(browser, 'principal', { at: board })
  for (let left = 1; left > 0;) ({ left } = await board.api('teacher', 'POST', '/reveals', 200, { kind: 'name', name: mine.login, reason: 'class_help' }))
  await ask(teacher, mine.login)
  assert.ok(!(await said(teacher)).includes(mine.family_name), 'the quota is passed')
  await look(teacher, 'at the quota')

  await teacher.goto(board.address + '/reveals/more')
  await teacher.fill('[name=extra]', '2')
  await teacher.check('[name=reason][value=handed_in]')
  await look(teacher, 'asking for more')
  await send(teacher, 'main form[action="/reveals/more"] button[type=submit]')
  await ask(teacher, mine.login)
  assert.ok(!(await said(teacher)).includes(mine.family_name), 'what was asked is not yet allowed')
  assert.ok((await teacher.goto(board.address + '/approvals')).status() >= 400, 'a teacher allows nothing')

  await principal.goto(board.address + '/approvals')
  await look(principal, 'what is asked')
  await send(principal, 'main form[action^="/approvals/"] button')
  await ask(teacher, mine.login)
  assert.match(await said(teacher), new RegExp(mine.family_name))
  await teacher.goto(board.address + '/pupils/' + mine.id)
  assert.match(await said(teacher), /Personne principal/, 'the page says who allowed it')
  for (const page of [teacher, principal]) await page.context().close()
})

test('a platform’s file comes back with names, once, and is kept nowhere', async () => {
  const page = await person(browser, 'teacher', { at: board })
  const rows = [...logins.map((login, n) => `${login},${10 * n}`), `${theirs.login},90`]
  const sent = { name: 'tabulou.csv', mimeType: 'text/csv', buffer: Buffer.from(['User,Minutes', ...rows].join('\r\n')) }
  await page.goto(board.address + '/usage')
  await look(page, 'the form of a file')
  await page.selectOption('[name=platform]', { label: 'Tabulou' })
  await page.setInputFiles('[name=file]', sent)
  await send(page, 'main form[action="/usage"] button[type=submit]')
  assert.ok(await page.locator('.av-errors').count(), 'a reason is asked for')
  await page.check('[name=reason][value=progress]')
  await page.setInputFiles('[name=file]', sent)
  await send(page, 'main form[action="/usage"] button[type=submit]')
  for (const width of Object.keys(widths)) {
    await page.setViewportSize(widths[width])
    await look(page, 'the file’s answer ' + width)
  }
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('form[action="/usage/file"] button')])
  const named = readFileSync(await download.path(), 'utf8')
  assert.ok(named.includes(mine.family_name) && named.includes(mine.login), 'a pupil of the class is named')
  assert.ok(!named.split(/\r?\n/).find((line) => line.includes(theirs.login)).includes(theirs.family_name), 'a pupil elsewhere is not')
  await page.goto(board.address + '/pupils/' + mine.id)
  assert.match(await said(page), /Personne teacher/)
  await page.context().close()
})
