// A small board of its own for a story, run by the built program: two schools of
// the youth sector, a first year of thirty who read French, a second year of
// secondary of thirty who read English, and a first year elsewhere. Every name is
// invented.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import assert from 'node:assert/strict'

const program = process.env.AVAL ?? join(import.meta.dirname, '..', 'bin', 'aval')
const first = ['Oriane', 'Théophane', 'Ulysse-Édouard', 'Mahaut', 'Zéphirin', 'Noa', 'Bérangère', 'Aël', 'Clovis', 'Wapikun']
const last = ['Vaudrin', 'de La Rochebrissac-Montferrand', 'Osk', 'Tremblefeuille', 'Épinette-Sauvageau', 'Lac']

// columns of the files of OneRoster 1.2, as far as a story fills them.
const files = {
  orgs: 'sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,metadata.language,metadata.sector',
  academicSessions: 'sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear',
  courses: 'sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId',
  classes: 'sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds',
  users: 'sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades',
  roles: 'sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId',
  enrollments: 'sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate',
}
const absent = ['categories', 'classResources', 'courseResources', 'demographics', 'lineItemLearningObjectiveIds', 'lineItems',
  'lineItemScoreScales', 'resources', 'resultLearningObjectiveIds', 'results', 'resultScoreScales', 'scoreScales', 'userProfiles', 'userResources']

export const classes = {
  k1: { school: 's1', title: 'Groupe 101', grade: '01', teacher: 't1', by: 'Roy', pupils: 30 },
  k2: { school: 's2', title: 'Group 21', grade: '08', teacher: 't2', by: 'Orly', pupils: 30 },
  k3: { school: 's3', title: 'Groupe 102', grade: '01', teacher: 't3', by: 'Blanche', pupils: 3 },
}

// nameOf is what the nth pupil of a class is called.
const nameOf = (n) => [first[n % first.length], last[n % last.length] + (n < 6 ? '' : ` ${'BCDEF'[Math.floor(n / 6)]}`)]

// roster is a set, by its files' names; moved says to which class a pupil has gone, and stays who is still there.
function roster(moved = {}, stays = () => true) {
  const [begin, end] = ['2026-08-24', '2099-06-24']
  const rows = Object.fromEntries(Object.keys(files).map((name) => [name, []]))
  const add = (name, id, ...cells) => rows[name].push([id, '', '', ...cells])
  add('orgs', 'b1', 'Commission scolaire du Lac', 'district', '', '', '', '')
  add('orgs', 's1', 'École des Outardes', 'school', '', 'b1', 'fr', 'youth')
  add('orgs', 's2', 'Loon Rapids School', 'school', '', 'b1', 'en', 'youth')
  add('orgs', 's3', 'École du Grand-Pin', 'school', '', 'b1', 'fr', 'youth')
  add('academicSessions', 'y1', '2026-2027', 'schoolYear', begin, end, '', '2027')
  add('courses', 'c1', 'y1', 'Titulariat', 'TIT', '', 'b1')
  const person = (id, role, school, given, family, grade = '') => {
    add('users', id, 'true', id, '', given, family, '', 'N' + id, id + '@ecole.example', '', '', '', grade)
    add('roles', 'r' + id, id, 'primary', role, begin, end, school)
  }
  for (const [id, c] of Object.entries(classes)) {
    add('classes', id, c.title, c.grade, 'c1', id, 'homeroom', '', c.school, 'y1')
    person(c.teacher, 'teacher', c.school, 'Marelle', 'Vantadour-' + c.by)
    add('enrollments', id + c.teacher, id, c.school, c.teacher, 'teacher', 'true', begin, end)
    for (let n = 0; n < c.pupils; n++) {
      const pupil = `${id}e${n}`, in_ = moved[pupil] ?? id, at = classes[in_]
      if (!stays(pupil)) continue
      person(pupil, 'student', at.school, ...nameOf(n), at.grade)
      add('enrollments', in_ + pupil, in_, at.school, pupil, 'student', '', begin, end)
    }
  }
  const cell = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  const table = (columns, lines) => [columns, ...lines.map((line) => line.map(cell).join(','))].join('\r\n') + '\r\n'
  const set = { 'manifest.csv': table('propertyName,value', [['manifest.version', '1.0'], ['oneroster.version', '1.2'],
    ...Object.keys(files).map((name) => ['file.' + name, 'bulk']), ...absent.map((name) => ['file.' + name, 'absent'])]) }
  for (const [name, columns] of Object.entries(files)) {
    const width = columns.split(',').length
    set[name + '.csv'] = table(columns, rows[name].map((row) => [...row, ...Array(width - row.length).fill('')]))
  }
  return set
}

function written(folder, set) {
  mkdirSync(folder)
  for (const [name, text] of Object.entries(set)) writeFileSync(join(folder, name), text)
  return folder
}

// zipped is a set as a person sends it, its files edited where they are.
export function zipped({ moved, stays, edit = {} } = {}) {
  return zip(Object.entries(roster(moved, stays)).map(([name, text]) => [name, edit[name] ? edit[name](text) : text]))
}

// workbook is a table as a spreadsheet saves it: one sheet, every cell a text (ECMA-376, part 1, 18.3).
export function workbook(rows) {
  const xml = (text) => text.replace(/[&<]/g, (c) => `&#${c.charCodeAt()};`)
  const cell = (text, n, at) => `<c r="${String.fromCharCode(65 + n)}${at}" t="inlineStr"><is><t>${xml(text)}</t></is></c>`
  const row = (cells, n) => `<row r="${n + 1}">${cells.map((text, at) => cell(text, at, n + 1)).join('')}</row>`
  const of = 'http://schemas.openxmlformats.org'
  return zip([
    ['xl/workbook.xml', `<workbook xmlns="${of}/spreadsheetml/2006/main" xmlns:r="${of}/officeDocument/2006/relationships">` +
      '<sheets><sheet name="Feuil1" sheetId="1" r:id="rId1"/></sheets></workbook>'],
    ['xl/_rels/workbook.xml.rels', `<Relationships xmlns="${of}/package/2006/relationships">` +
      `<Relationship Id="rId1" Type="${of}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`],
    ['xl/worksheets/sheet1.xml', `<worksheet xmlns="${of}/spreadsheetml/2006/main"><sheetData>${rows.map(row).join('')}</sheetData></worksheet>`],
  ])
}

// zip packs files, stored as they are (PKWARE APPNOTE 4.3).
function zip(files) {
  const parts = [], entries = []
  let at = 0
  for (const [name, text] of files) {
    const data = Buffer.from(text), called = Buffer.from(name)
    const about = Buffer.alloc(26) // what both headers say of a member
    about.writeUInt16LE(20, 0)
    about.writeUInt16LE(0x21, 8) // the first day that it can write
    about.writeUInt32LE(crc32(data), 10)
    about.writeUInt32LE(data.length, 14)
    about.writeUInt32LE(data.length, 18)
    about.writeUInt16LE(called.length, 22)
    const where = Buffer.alloc(14)
    where.writeUInt32LE(at, 10)
    entries.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), about, where, called)
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), about, called, data)
    at += 30 + called.length + data.length
  }
  const list = Buffer.concat(entries), end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  for (const place of [8, 10]) end.writeUInt16LE(entries.length / 4, place)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, list, end])
}

const staff = [
  ['teacher', 'teacher@s1', 't1'], ['teacher_2', 'teacher@s2', 't2'], ['teacher_3', 'teacher@s3', 't3'], ['principal', 'principal@s1'],
  ['it', 'it'], ['evaluator', 'evaluator'], ['evaluator_2', 'evaluator'], ['evaluation_director', 'evaluation_director'], ['privacy_officer', 'privacy_officer'],
]

// open makes the board and serves it: { address, roles } as demo.json has them, and
// what a story does around the browser.
export async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'aval-board-'))
  const env = { ...process.env, AVAL_DB: 'sqlite:' + join(folder, 'aval.db'), AVAL_DATA: join(folder, 'data'), AVAL_LANG: 'en', AVAL_SMTP: '' }
  const aval = (...args) => execFileSync(program, args, { env, cwd: folder, encoding: 'utf8' })
  aval('board', 'create', '--name', 'Commission scolaire du Lac', '--pack', 'csc-pan-2023', '--id', 'lac')
  aval('roster', 'import', written(join(folder, 'roster'), roster()))
  const roles = {}
  for (const [login, role, who] of staff) {
    const made = JSON.parse(aval('user', 'create', '--json', '--login', login, '--name', 'Personne ' + login, '--role', role, ...(who ? ['--person', who] : [])))
    roles[login] = { ...made, token: aval('token', 'create', '--login', login).trim() }
  }
  const server = spawn(program, ['serve', '--listen', '127.0.0.1:0'], { env, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const address = await new Promise((resolve, reject) => {
    server.stdout.once('data', (line) => resolve(String(line).trim().replace(/^ready /, '')))
    server.once('exit', (code) => reject(new Error(`aval serve ended with ${code}`)))
  })
  const api = async (who, method, path, status, sent) => {
    const answer = await fetch(address + '/api/v1' + path, { method, body: sent && JSON.stringify(sent),
      headers: { authorization: 'Bearer ' + roles[who].token, ...(sent && { 'content-type': 'application/json' }) } })
    const text = await answer.text()
    assert.equal(answer.status, status, `${method} ${path}: ${text}`)
    return text.startsWith('{') ? JSON.parse(text) : text
  }
  return {
    address, roles, api,
    named: (id) => nameOf(Number(id.slice(3))).join(' '),
    moves: (moved) => aval('roster', 'import', written(join(folder, 'moved'), roster(moved))),
    close: async () => {
      const gone = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGTERM')
      await gone
      rmSync(folder, { recursive: true })
    },
  }
}

// decided brings a platform to a favourable decision through the door of programs, and answers its id.
export async function decided(board, platform, data = ['results']) {
  const criteria = (ids) => Object.fromEntries(ids.map((id) => [id, { rating: 'met' }]))
  const asked = await board.api('principal', 'POST', '/requests', 201, { platform, url: `https://eleves.${platform.toLowerCase()}.example`, description: 'Multiplication facts.',
    usage: 'Ten minutes a day.', data })
  const at = '/requests/' + asked.id
  await board.api('principal', 'POST', at + '/submit', 200)
  await board.api('evaluator', 'POST', at + '/acknowledge', 200)
  await board.api('evaluator', 'PUT', at + '/evaluations/use', 200, { criteria: criteria(Array.from({ length: 13 }, (_, i) => `3.2.${i + 1}`)),
    recommendation: 'approve', summary: 'It meets the need.', finish: true })
  await board.api('evaluator', 'PUT', at + '/evaluations/security', 200, { criteria: criteria([...[...'abcde'].map((c) => '3.3' + c), 'A.3']), location: 'qc',
    recommendation: 'approve', summary: 'It stays in Québec.', finish: true })
  await board.api('privacy_officer', 'PUT', at + '/privacy', 200, { personal: 'yes', pia_on: '2026-01-15', committee_on: '2026-02-02' })
  await board.api('evaluation_director', 'POST', at + '/decision', 201, { use: { result: 'approved', reasons: 'It serves.' },
    security: { result: 'approved', reasons: 'It is safe.' } })
  return asked.platform_id
}

// bound records a contract with all that the law requires, so that a licence may begin.
async function bound(board, platform) {
  const { id } = await board.api('evaluator', 'POST', '/contracts', 201, { platform, kind: 'signed', contact: 'Privacy office', signed_on: '2026-01-05', in_force_on: '2026-01-06' })
  const at = '/contracts/' + id
  await board.api('evaluator', 'POST', at + '/files', 201, { role: 'agreed', name: 'contract.txt', content: Buffer.from('Article 1.').toString('base64') })
  const items = ['provisions', 'confidential', 'use_only', 'no_keep', 'breach', 'verify'].map((code, n) => ['qc_' + code, { where: 's. ' + (n + 1) }])
  await board.api('evaluator', 'PUT', at + '/items', 200, { items: Object.fromEntries(items), version: 1 })
  await board.api('privacy_officer', 'POST', at + '/undertakings', 200, { choice: 'waived', secrecy_reason: 'The vendor has one employee.' })
  await board.api('evaluator', 'POST', at + '/ground', 200, { ground: 'mission' })
  await board.api('evaluator', 'POST', at + '/conclude', 200)
}

// licensed records a licence of the whole board for a platform whose vendor is bound, with its accounts made
// where it has some.
export async function licensed(board, platform_id, account_kind = 'login_name') {
  await bound(board, platform_id)
  const licence = await board.api('evaluator', 'POST', '/licences', 201, { platform_id, scope: 'board', payer: 'ddl', account_kind,
    starts_on: new Date().toLocaleDateString('en-CA', { timeZone: 'America/Toronto' }), ends_on: '2099-06-30', sign_in_url: 'https://eleves.tabulou.example' })
  if (account_kind === 'none') return licence.id
  await board.api('evaluator', 'POST', `/licences/${licence.id}/accounts`, 202)
  const end = Date.now() + 60_000
  while ((await board.api('evaluator', 'GET', `/licences/${licence.id}/accounts`, 200)).lacking > 0) assert.ok(Date.now() < end, 'the accounts are not made')
  return licence.id
}

// vendor is a platform on this machine: it makes accounts from a file, and has a sign-in page.
export async function vendor() {
  const accounts = new Map()
  const page = '<!doctype html><title>Tabulou</title><form method="post"><input name="login"><input name="password"><button>OK</button></form>'
  const server = createServer((request, response) => {
    let sent = ''
    request.on('data', (some) => { sent += some })
    request.on('end', () => {
      const form = new URLSearchParams(sent)
      const known = accounts.get(form.get('login'))
      const said = request.method === 'GET' ? page : known && known === form.get('password') ? '<h1>Bonjour</h1>' : '<h1>Non</h1>' + page
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(said)
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    load(text) {
      const [head, ...lines] = text.trim().split('\r\n').map((line) => line.split(','))
      for (const line of lines) accounts.set(line[head.indexOf('login_name')], line[head.indexOf('password')])
      return lines.length
    },
    async enters(browser, login, password) {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${server.address().port}/`)
      await page.fill('[name=login]', login)
      await page.fill('[name=password]', password)
      await Promise.all([page.waitForNavigation(), page.click('button')])
      const said = await page.textContent('h1')
      await page.close()
      return said === 'Bonjour'
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
