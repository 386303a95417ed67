// What the suites share: the browser, the demo's accounts, and the look for faults.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

export const demo = JSON.parse(readFileSync(process.env.AVAL_DEMO ?? 'demo.json', 'utf8'))
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export const widths = { phone: { width: 360, height: 780 }, desk: { width: 1280, height: 900 } }

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  })
}

// person opens a context of their own, signed in to the demo or to a board of the story's own, and counts
// what the browser complains of.
export async function person(browser, role, { lang = 'fr', viewport = widths.desk, js = true, at = demo } = {}) {
  const context = await browser.newContext({ viewport, locale: lang === 'fr' ? 'fr-CA' : 'en-CA', javaScriptEnabled: js })
  await context.addCookies([{ name: 'aval_language', value: lang, url: at.address }])
  const page = await context.newPage()
  page.faults = []
  page.script = js
  page.on('console', (m) => { if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) page.faults.push(m.text()) })
  page.on('pageerror', (e) => page.faults.push(String(e)))
  page.on('request', (r) => {
    if (!r.url().startsWith(at.address) && !r.url().startsWith('data:')) page.faults.push('left the origin: ' + r.url())
  })
  await page.goto(at.address + '/sign-in')
  if (role) {
    await page.fill('[name=login]', at.roles[role].login)
    await page.fill('[name=password]', at.roles[role].password)
    await Promise.all([page.waitForURL('**/desk'), page.click('main button[type=submit]')])
  }
  return page
}

// look finds what axe, the screen's width and the browser itself have against a page as it stands. Axe may be kept to
// the frame around `main`, or out, where the like was looked at. It runs in an isolated world, since the page's own policy
// lets no script in, and stays there until the page is left.
export async function look(page, what, { axe: part = 'all' } = {}) {
  if (!page.script) return // axe is a script: the pages are looked at where scripts run
  if (part !== 'none') await ask(page, what, part === 'frame' ? { exclude: ['main'] } : undefined)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 1, `${what}: scrolls sideways by ${wide} px`)
  assert.deepEqual(page.faults, [], what)
}

// ask has axe say what it has against a page, or a part of it.
async function ask(page, what, part) {
  const client = page.client ??= await page.context().newCDPSession(page)
  const { frameTree } = await client.send('Page.getFrameTree')
  const { executionContextId } = await client.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' })
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await client.send('Runtime.evaluate', {
      contextId: executionContextId, awaitPromise: true, returnByValue: true, expression })
    assert.ok(!exceptionDetails, what + ': ' + exceptionDetails?.text)
    return result.value
  }
  if (!await evaluate('typeof axe === "object"')) await evaluate(axe + ';0')
  const found = await evaluate(`axe.run(${part ? JSON.stringify(part) : 'document'}, { resultTypes: ['violations'] }).then(r =>
    JSON.stringify(r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | '))))`)
  assert.deepEqual(JSON.parse(found), [], what)
}
