// Every page that a role can reach from its desk, in both languages, on a phone
// and at a desk: no axe violation, nothing wider than the screen, no request that
// leaves the origin, nothing that the content security policy refused.
import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { demo, launch, look, person, widths } from './house.mjs'

let browser
before(async () => { browser = await launch() })
after(async () => { await browser?.close() })

// A page stands for all that have its shape: /requests/ID is looked at once.
const shape = (path) => path.replace(/[a-z2-7]{26}/g, ':id').replace(/[?].*/, '').replace(/coverage\/.+/, 'coverage/:clause')

const roles = Object.keys(demo.roles)
const most = 80

// What roles read alike is looked at once: its text and marks to the letter, ids by the order they come in.
// The frame around it is what every page of a role has, but for where in the menu it is.
async function alike(page) {
  const texts = await page.evaluate(() => {
    const body = document.body.cloneNode(true)
    const main = body.querySelector('main')
    const text = main.outerHTML
    main.remove()
    for (const here of body.querySelectorAll('[aria-current]')) here.removeAttribute('aria-current')
    for (const back of body.querySelectorAll('[name=back]')) back.removeAttribute('value')
    return [text, body.outerHTML]
  })
  return texts.map((text) => {
    const ids = []
    return text.replace(/\b[a-z2-7]{26}\b/g, (id) => {
      if (!ids.includes(id)) ids.push(id)
      return '#' + ids.indexOf(id)
    })
  })
}

// regard looks at a page at a desk and on a phone, as far as its like was not looked at.
async function regard(page, what, read, faults) {
  const [main, frame] = await alike(page)
  const [known, framed] = [read.has(main), read.has(frame)]
  read.add(main).add(frame)
  for (const width of Object.keys(widths)) {
    await page.setViewportSize(widths[width])
    const axe = !known ? 'all' : framed ? 'none' : 'frame'
    await look(page, `${what} ${width}`, { axe }).catch((e) => faults.push(e.message + ' ' + JSON.stringify(e.actual)))
    page.faults.length = 0
  }
}

const firsts = new Map() // of each shape of page, the first role that came to it, and where

// In French every role's own view of a page is looked at. Two walk at the same time, each in the place of one role
// after the other.
test('every page of every role in French, at a desk and on a phone', async () => {
  const read = new Set()
  const faults = []
  const left = [...roles]
  let walked = 0
  let pages = 0
  const walk = async () => {
    for (let role = left.shift(); role; role = left.shift()) {
      const page = await person(browser, role)
      const queue = ['/desk']
      const mine = new Set(queue.map(shape))
      for (let n = 0; queue.length && n < most; n++) {
        const path = queue.shift()
        const answer = await page.goto(demo.address + path).catch((e) => { if (!/Download is starting/.test(e.message)) throw e })
        if (!answer) continue // a file to download is no page
        if (answer.status() >= 400) faults.push(`${role} ${path}: ${answer.status()}`)
        if (!firsts.has(shape(path))) firsts.set(shape(path), { role, path })
        pages++
        await regard(page, `${role} ${path} fr`, read, faults)
        const links = await page.$$eval('a[href^="/"]', (as) => as.map((a) => a.getAttribute('href').replace(/#.*/, '')))
        for (const link of links) {
          if (link.startsWith('/assets/') || link.startsWith('/evidence/') || link.startsWith('/proofs/') || link.includes('/feed.json') || /[.]pdf([?]|$)/.test(link) || mine.has(shape(link))) continue
          mine.add(shape(link))
          queue.push(link)
        }
      }
      walked++
      await page.context().close()
    }
  }
  await Promise.all([walk(), walk()])
  assert.deepEqual(faults, [])
  assert.equal(walked, roles.length)
  console.log(`fr: ${pages} pages, twice; ${read.size} that differ`)
})

test('each page in English, at a desk and on a phone', async () => {
  assert.ok(firsts.size > 25, `only ${firsts.size} pages are there`)
  const read = new Set()
  const faults = []
  const left = [...roles]
  const walk = async () => {
    for (let role = left.shift(); role; role = left.shift()) {
      const page = await person(browser, role, { lang: 'en' })
      for (const { path } of [...firsts.values()].filter((one) => one.role === role)) {
        const answer = await page.goto(demo.address + path)
        assert.ok(answer.status() < 400, `${role} ${path}: ${answer.status()}`)
        await regard(page, `${role} ${path} en`, read, faults)
      }
      await page.context().close()
    }
  }
  await Promise.all([walk(), walk()])
  assert.deepEqual(faults, [])
  console.log(`en: ${firsts.size} pages, twice`)
})

// What is printed is answered to a form and has no address: it is walked to. One hour holds one class.
test('the cards of a class fill their pages, in both languages, at a desk and on a phone', async () => {
  for (const [lang, who] of [['fr', ''], ['en', 'one']]) {
    const page = await person(browser, 'teacher', { lang })
    await page.click('main a[href^="/classes/"]')
    await page.click('main a[href*="/cards?"]')
    if (who) await page.selectOption('[name=who]', { index: 1 })
    await page.check('[name=reason][value=printing]')
    await page.click('main button[type=submit]')
    await page.waitForSelector('.av-sheet')
    const title = await page.title()
    for (const width of Object.keys(widths)) {
      await page.setViewportSize(widths[width])
      await look(page, `cards ${lang} ${width}`)
    }
    await page.emulateMedia({ media: 'print' })
    await page.setViewportSize({ width: 725, height: 970 }) // Letter within its margins
    const cards = await page.$$eval('.av-ticket', (all) => all.map((one) => {
      const box = one.getBoundingClientRect()
      return { wide: Math.round(box.width / 96 * 25.4), high: Math.round(box.height / 96 * 25.4), cut: one.scrollHeight > one.clientHeight + 1,
        name: one.querySelector('.av-stub b').textContent }
    }))
    assert.ok(who ? cards.length === 1 : cards.length > 5, `${cards.length} cards`)
    for (const card of cards) {
      assert.deepEqual({ wide: card.wide, high: card.high, cut: card.cut }, { wide: 92, high: 48, cut: false })
      assert.ok(!title.includes(card.name), 'the browser remembers a name')
    }
    for (const high of await page.$$eval('.av-sheet', (all) => all.map((one) => one.offsetHeight))) {
      assert.ok(high < 970, `a page is ${high} px high`)
    }
    await page.context().close()
  }
})

// Who answers for a pupil stands in the answer to a form alone.
test('the guardians of a student are told for a reason, in both languages, at a desk and on a phone', async () => {
  for (const lang of ['fr', 'en']) {
    const page = await person(browser, 'principal', { lang })
    await page.goto(demo.address + '/directory')
    await page.fill('[name=name]', 'ma')
    await page.click('main form button[type=submit]')
    await page.click('main a[href^="/directory/pupils/"]')
    await page.click('main a[href$="/guardians"]')
    await page.fill('[name=note]', 'Sortie')
    await page.click('main button[type=submit]')
    assert.equal(await page.inputValue('[name=note]'), 'Sortie') // no reason: it is refused, and what was typed stays
    for (const width of Object.keys(widths)) {
      await page.setViewportSize(widths[width])
      await look(page, `guardians refused ${lang} ${width}`)
    }
    await page.check('[name=reason][value=reach_home]')
    await page.click('main button[type=submit]')
    await page.waitForSelector('main section.av-card dl')
    for (const width of Object.keys(widths)) {
      await page.setViewportSize(widths[width])
      await look(page, `guardians ${lang} ${width}`)
    }
    assert.match(await page.textContent('main'), /@maison[.]example/)
    const title = await page.title()
    assert.ok(!title.includes(await page.textContent('main section.av-card h2')), 'the browser remembers a name')
    await page.context().close()
  }
})

test('a lost password is three clicks from the desk', async () => {
  const page = await person(browser, 'teacher')
  await page.click('main a[href^="/classes/"]')
  await page.click('form[action$="/password"] button')
  await page.waitForSelector('.av-ticket')
  assert.equal(await page.locator('.av-ticket').count(), 1)
  await look(page, 'a new password')
  await page.context().close()
})

test('the sign-in page is small, and needs no script', async () => {
  const page = await person(browser, null, { js: false })
  assert.equal(await page.locator('h1').count(), 1)
  await page.context().close()
})

test('a first visit stays under 150 kB', async () => {
  const context = await browser.newContext({ viewport: widths.phone })
  const page = await context.newPage()
  const client = await context.newCDPSession(page)
  await client.send('Network.enable')
  let bytes = 0
  client.on('Network.loadingFinished', (e) => { bytes += e.encodedDataLength })
  await page.goto(demo.address + '/sign-in', { waitUntil: 'networkidle' })
  assert.ok(bytes > 5_000 && bytes < 150_000, `${bytes} bytes`)
  console.log(`first visit: ${bytes} bytes`)
  await context.close()
})
