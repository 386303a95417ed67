// From a teacher's question to a decision that the school has received: each
// person in a browser of their own, in French and in English, without a script
// and with it.
import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { demo, launch, look, person, widths } from './house.mjs'

let browser
before(async () => { browser = await launch() })
after(async () => { await browser?.close() })

const send = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)])
const unfold = async (page) => {
  const folded = page.locator('details.av-criterion:not([open]) > summary')
  while (await folded.count()) await folded.first().click()
}
const said = (page) => page.locator('main').innerText()

for (const js of [false, true]) test(`the main job, ${js ? 'with' : 'without'} a script`, async () => {
  const name = js ? 'Ventaflore' : 'Brumelac'

  // The teacher, on a phone.
  const teacher = await person(browser, 'teacher', { viewport: widths.phone, js })
  await teacher.fill('[name=q]', name)
  await send(teacher, 'form[role=search] button')
  await send(teacher, `a[href^="/requests/new"]`)
  await teacher.fill('[name=usage]', 'En ateliers de lecture, vingt minutes, deux fois par semaine.')
  await send(teacher, '[name=then][value=submit]')
  await look(teacher, 'the refused form')
  assert.equal(await teacher.inputValue('[name=usage]'), 'En ateliers de lecture, vingt minutes, deux fois par semaine.', 'typed text is kept')
  assert.ok(await teacher.locator('.av-errors').count(), 'a summary says what is missing')
  await teacher.fill('[name=description]', 'Un recueil de récits courts que les élèves annotent.')
  await teacher.locator('[name=classes]').first().check()
  await teacher.locator('[name=data_kinds][value=grade]').check()
  await teacher.fill('[name=cost]', '252')
  await send(teacher, '[name=then][value=submit]')
  const path = new URL(teacher.url()).pathname
  assert.match(path, /^\/requests\/[a-z2-7]{26}$/)
  await look(teacher, 'the request')

  // Nothing earlier than authorised reaches those who evaluate.
  const evaluator = await person(browser, 'evaluator', { js })
  assert.equal((await evaluator.goto(demo.address + path)).status(), 404)

  // The principal of her school authorises.
  const principal = await person(browser, 'principal', { js })
  assert.equal((await principal.goto(demo.address + path + '/authorise')).status(), 200)
  await look(principal, 'authorise')
  await principal.locator('[name=answer][value=return]').check()
  await send(principal, 'main form button[type=submit]')
  assert.ok(await principal.locator('.av-errors').count(), 'a return needs its reason')
  await principal.locator('[name=answer][value=authorise]').check()
  await send(principal, 'main form button[type=submit]')

  // The evaluator acknowledges, says what is known of personal information, evaluates.
  await evaluator.goto(demo.address + path)
  await send(evaluator, `form[action="${path}/acknowledge"] button`)
  await evaluator.goto(demo.address + path + '/evaluation/use')
  const evidence = { name: 'essai.txt', mimeType: 'text/plain', buffer: Buffer.from('Essai en classe.\n') }
  for (const aspect of ['use', 'security']) {
    await evaluator.goto(demo.address + path + '/evaluation/' + aspect)
    await look(evaluator, aspect)
    await unfold(evaluator)
    for (const radio of await evaluator.locator('[name^="rating."][value=met]').all()) await radio.check()
    if (aspect === 'use') await evaluator.locator('input[type=file]').first().setInputFiles(evidence)
    else await evaluator.locator('[name=location][value=qc]').check()
    await send(evaluator, '[name=then][value=finish]')
    assert.ok(await evaluator.locator('.av-errors').count(), aspect + ': a recommendation is asked for')
    await unfold(evaluator)
    await evaluator.locator('[name=recommendation][value=approve_conditions]').check()
    await evaluator.fill('[name=summary]', 'Convient, si le classement public reste fermé.')
    await send(evaluator, '[name=then][value=finish]')
    assert.equal(await evaluator.locator('.av-errors').count(), 0, aspect + ': ' + await said(evaluator))
  }

  // No decision before the record says what it must (QC-PIA-01, -02).
  const director = await person(browser, 'evaluation_director', { lang: 'en', js })
  await director.goto(demo.address + path + '/decision')
  assert.match(await said(director), /QC-PIA-01/)
  for (const aspect of ['use', 'security']) {
    await director.locator(`[name=${aspect}_result][value=approved]`).check()
    await director.fill(`[name=${aspect}_reasons]`, 'It serves reading.')
  }
  await send(director, 'main form button[type=submit]')
  assert.match(await said(director), /QC-PIA-01/, 'refused, with its clause')
  assert.equal(await director.inputValue('[name=use_reasons]'), 'It serves reading.')
  await director.goto(demo.address + path + '/privacy')
  await director.locator('[name=personal][value=yes]').check()
  await director.fill('[name=pia_on]', '2026-11-10')
  await director.fill('[name=committee_on]', '2026-10-20')
  await send(director, 'form[action$="/privacy"] button[type=submit]')
  await director.goto(demo.address + path + '/decision')
  await look(director, 'decide')
  await director.locator('[name=use_result][value=approved]').check()
  await director.fill('[name=use_reasons]', 'It serves reading, and pupils can hear the text.')
  await director.locator('[name=security_result][value=conditional]').check()
  await director.fill('[name=security_reasons]', 'Data stay in Québec; the public ranking shows names.')
  await send(director, 'main form button[type=submit]')
  assert.ok(await director.locator('.av-errors').count(), 'a condition must be written')
  await director.fill('[name=security_conditions]', 'Keep the public ranking off.')
  await send(director, 'main form button[type=submit]')
  assert.match(new URL(director.url()).pathname, /^\/decisions\//)
  await look(director, 'the letter')

  // The school receives it, in French; the catalogue shows the result.
  await principal.goto(director.url())
  await look(principal, 'the letter in French')
  await send(principal, 'form[action$="/acknowledge"] button')
  await teacher.goto(demo.address + '/platforms?q=' + encodeURIComponent(name))
  assert.match(await said(teacher), /Approuvée avec conditions/)
  for (const page of [teacher, principal, evaluator, director]) await page.context().close()
})

test('the letter prints on its pages', async () => {
  const page = await person(browser, 'principal')
  await page.goto(demo.address + '/requests?state=decided')
  await page.locator('main a[href^="/requests/"]').first().click()
  await page.locator('main a[href^="/decisions/"]').first().click()
  await page.waitForURL('**/decisions/*')
  for (const lang of ['fr', 'en']) {
    const answer = await page.request.get(page.url().replace(/[?].*/, '') + '.pdf?lang=' + lang)
    assert.equal(answer.status(), 200)
    assert.equal(answer.headers()['content-type'], 'application/pdf')
    assert.equal((await answer.body()).subarray(0, 5).toString(), '%PDF-')
  }
  for (const format of ['Letter', 'A4']) {
    const pdf = await page.pdf({ format, preferCSSPageSize: false })
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g)?.length ?? 0
    assert.ok(pages >= 1 && pages <= 4, `${format}: ${pages} pages`)
  }
  await page.context().close()
})
