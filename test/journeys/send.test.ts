import { readFileSync } from 'node:fs'
import { readdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Report } from '../../lambda/report/report.ts'
import { startFaultSink, status, TAKEN, type FaultSink } from '../support/fault-sink.ts'
import { API_KEY, eventually } from '../support/installation.ts'
import { runInProcess } from '../support/in-process.ts'
import { Program, type Ended } from '../support/program.ts'

const GOOD = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}'
const EARLY = '{"_p":"b","_t":1393344605000,"_n":"Paid","order":12345678901234567890}'
const NO_TIME = '{"_p":"a","_n":"Signed Up"}'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-send-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const here = (name: string): string => path.join(folder, name)
const put = (name: string, body: string | Buffer) => writeFile(here(name), body)
const read = (name: string) => readFile(here(name), 'utf8')
const reportOf = async (name: string) => JSON.parse(await read(`${name}.report.json`)) as Report

/** From `p0` on; every twentieth line is invalid. */
const manyLines = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) =>
    index % 20 === 19 ? `{"_p":"p${index}","_n":"x"}` : `{"_p":"p${index}","_t":1393344604,"_n":"Visited"}`,
  )

function start(sink: Pick<FaultSink, 'url'>, args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const names = args.map((arg) => (arg.startsWith('-') ? arg : here(arg)))
  return new Program(['send', ...names, '--endpoint', sink.url, '--yes'], { KM_API_KEY: API_KEY, ...env })
}

/** Without the line breaks that fit a text to a terminal. */
const onOneRow = <T extends Pick<Ended, 'stderr'>>(ended: T): T => ({ ...ended, stderr: ended.stderr.replaceAll(/\s+/g, ' ') })

const send = async (sink: Pick<FaultSink, 'url'>, ...args: readonly string[]): Promise<Ended> =>
  onOneRow(await start(sink, args).ended())

/** The same without a process of its own: for a send that nothing interrupts. */
const sendHere = async (sink: Pick<FaultSink, 'url'>, ...args: readonly string[]) => {
  const names = args.map((arg) => (arg.startsWith('-') ? arg : here(arg)))
  return onOneRow(await runInProcess(['send', ...names, '--endpoint', sink.url, '--yes'], { KM_API_KEY: API_KEY }))
}

/** How often each person was sent. */
function peopleAt(sink: FaultSink): ReadonlyMap<string, number> {
  const people = new Map<string, number>()
  for (const [request, times] of sink.taken) {
    const person = /[?&]_p=([^&]*)/.exec(request)?.[1] ?? request
    people.set(person, (people.get(person) ?? 0) + times)
  }
  return people
}

describe('a file that is sent from this computer', () => {
  // prettier-ignore
  test.each<[string, string, string | Buffer, number, Report['state'], Partial<Report['lines']>]>([
    // what                              name          body                                                exit  state                    lines
    [ 'of valid lines',                   'a.jsonl',    `${GOOD}\n`,                                        0,    'complete',              { total: 1, delivered: 1 } ],
    [ 'without a final newline',          'a.jsonl',    GOOD,                                               0,    'complete',              { total: 1, delivered: 1 } ],
    [ 'with Windows line ends',           'a.json',     `${GOOD}\r\n${NO_TIME}\r\n`,                        1,    'complete-with-rejects', { total: 2, delivered: 1, rejected: 1 } ],
    [ 'compressed',                       'a.jsonl.gz', gzipSync(`${GOOD}\n\n${GOOD}\n`),                   0,    'complete',              { total: 3, delivered: 2, blank: 1 } ],
    [ 'compressed, with another suffix',  'a.txt',      gzipSync(GOOD),                                     0,    'complete',              { total: 1, delivered: 1 } ],
    [ 'empty',                           'a.jsonl',    '',                                                 0,    'complete',              { total: 0 } ],
    [ 'of blank lines',                   'a.jsonl',    '\n \n',                                            0,    'complete',              { total: 2, blank: 2 } ],
    [ 'of invalid lines',                 'a.jsonl',    `${NO_TIME}\n`,                                     1,    'complete-with-rejects', { total: 1, rejected: 1 } ],
    [ 'that is not JSON lines',           'a.json',     '[\n1,\n2\n]\n',                                    1,    'failed',                {} ],
    [ 'compressed with brotli',           'a.jsonl.br', brotliCompressSync(`${GOOD}\n${GOOD}\n`),            0,    'complete',              { total: 2, delivered: 2 } ],
    [ 'an archive of several files',      'a.zip',      readFileSync('test/lambda/read/unpack/made-by-tools/several.zip'), 1, 'failed',       { total: 0 } ],
    [ 'compressed, and cut off',          'a.jsonl.gz', gzipSync(`${GOOD}\n`.repeat(2_000)).subarray(0, -9), 1,   'failed',                {} ],
  ])('%s', async (_, name, body, code, state, lines) => {
    await using sink = await startFaultSink()
    await put(name, body)
    const ended = await sendHere(sink, name)
    expect(ended).toMatchObject({ code })
    const report = await reportOf(name)
    expect(report).toMatchObject({ state, lines })
    expect(ended.stdout).toContain(`${name}.report.json`)
    const { rejected, undeliverable } = report.lines
    const beside = [
      ...(state === 'failed' ? [] : ['receipt.json']),
      ...(rejected + undeliverable > 0 ? ['rejected.jsonl'] : []),
      'report.json',
    ]
    expect(await readdir(folder)).toEqual([name, ...beside.map((suffix) => `${name}.${suffix}`)])
  })

  test('a file that would merge many people is not sent, until the user says so', async () => {
    await using sink = await startFaultSink()
    await put('may.jsonl', Array.from({ length: 20 }, (_, n) => `{"_p":"p${n}","_p2":"shared","_t":1393344604}`).join('\n'))
    const held = await sendHere(sink, 'may.jsonl')
    expect(held).toMatchObject({ code: 1, stderr: expect.stringContaining('21 identities would become one person') as unknown })
    expect(held.stderr).toContain('the same command with --release sends it')
    expect([sink.taken.size, await readdir(folder)]).toEqual([0, ['may.jsonl']])
    expect(await sendHere(sink, 'may.jsonl', '--release')).toMatchObject({ code: 0 })
    expect(sink.taken.size).toBe(20)
  })

  test('several files are sent one after the other; one that is rejected does not stop the others', async () => {
    await using sink = await startFaultSink()
    await put('1.jsonl', GOOD.replace('"a"', '"one"'))
    await put('2.json', '[\n1\n]\n')
    await put('3.jsonl', GOOD.replace('"a"', '"three"'))
    const { code, stdout } = await sendHere(sink, '1.jsonl', '2.json', '3.jsonl', '--json')
    expect(code).toBe(1)
    expect((JSON.parse(stdout) as Report[]).map(({ state }) => state)).toEqual(['complete', 'failed', 'complete'])
    expect([...peopleAt(sink).keys()]).toEqual(['one', 'three'])
  })

  test('a folder is sent: one summary, and the worst result; a file that is held does not stop the others', async () => {
    await using sink = await startFaultSink()
    await put('1.jsonl', GOOD.replace('"a"', '"one"'))
    await put('2.jsonl', Array.from({ length: 20 }, (_, n) => `{"_p":"p${n}","_p2":"shared","_t":1393344604}`).join('\n'))
    await put('3.jsonl', [GOOD.replace('"a"', '"three"'), NO_TIME].join('\n'))
    await put('notes.txt', 'not sent')
    const first = await sendHere(sink, '.')
    expect(first).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('3 files: 1 done, 1 with rejected lines, 1 held') as unknown,
    })
    expect(first.stderr).toMatch(
      /held: \S*2\.jsonl .* This file is left out; the other 2 are not held\. .* with --release sends all\./,
    )
    expect([...peopleAt(sink).keys()]).toEqual(['one', 'three'])

    const second = await sendHere(sink, '.', '--release')
    expect(second.stdout).toContain(
      '3 files: 2 done, 1 with rejected lines\n  lines: 22 delivered, 1 rejected, 0 undeliverable\n',
    )
    expect(sink.seen).toHaveLength(22)
  })

  test('a wrong key stops all files, and those that are left are named', async () => {
    await using sink = await startFaultSink(() => status(401))
    await put('1.jsonl', GOOD)
    await put('2.jsonl', GOOD)
    const { code, stdout, stderr } = await sendHere(sink, '1.jsonl', '2.jsonl')
    expect({ code, stdout }).toEqual({
      code: 2,
      stdout: '2 files: 2 not finished\n  lines: 0 delivered, 0 rejected, 0 undeliverable\n',
    })
    expect(stderr).toMatch(/Not finished: \S*1\.jsonl, \S*2\.jsonl\. The same command continues with them\./)
  })

  test('an endpoint that cannot be reached is named at once, before anything is asked', async () => {
    await put('1.jsonl', GOOD)
    const { stderr } = onOneRow(
      await runInProcess(['send', here('1.jsonl'), '--endpoint', 'http://127.0.0.1:9'], { KM_API_KEY: API_KEY }),
    )
    expect(stderr).toMatch(
      /http:\/\/127\.0\.0\.1:9 cannot be reached: nothing answers at this address and port.* There is no terminal to ask on/,
    )
  })

  test('rejected lines are kept beside the file, fixed there, and sent', async () => {
    await using sink = await startFaultSink()
    await put('may.jsonl', [GOOD, EARLY, NO_TIME].join('\n'))
    const first = await sendHere(sink, 'may.jsonl')
    expect(first.stdout).toContain('then:\n  npx km-import send')
    const rows = (await read('may.jsonl.rejected.jsonl')).trimEnd().split('\n')
    expect(rows.map((row) => (JSON.parse(row) as { reason: string }).reason)).toEqual([
      'timestamp_in_milliseconds',
      'missing_timestamp',
    ])
    expect(await sendHere(sink, 'may.jsonl.rejected.jsonl')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('none of them is valid yet. Fix them first.') as unknown,
    })

    await put('may.jsonl.rejected.jsonl', rows.map((row) => `${row.replace('605000', '605')}\n`).join(''))
    const second = await sendHere(sink, 'may.jsonl.rejected.jsonl')
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/are sent as \S*may\.jsonl\.fixed-[0-9a-f]{8}\.jsonl\./) as unknown,
    })
    expect([...sink.taken.keys()].join('\n')).toContain('order=12345678901234567890') // to its last digit
    const [edited] = (await readdir(folder)).filter((name) => /fixed-.{8}\.jsonl$/.test(name))
    expect(await reportOf(edited!)).toMatchObject({ lines: { delivered: 1, rejected: 1 } })
    expect(await sendHere(sink, 'may.jsonl.rejected.jsonl')).toMatchObject({
      stderr: expect.stringMatching(/1 line of .* left out: an earlier send has delivered it\./) as unknown,
    })
    expect(sink.seen).toHaveLength(2)
  })

  test('a CSV file with other columns is sent by a mapping; its rejected rows are fixed and sent', async () => {
    await using sink = await startFaultSink(() => TAKEN)
    await put('may.csv', 'When,Who,What,Plan\n2014-02-25,bob,"Signed, up",pro\nsoon,ann,e,\n2014-02-25,eve\n')
    await put(
      'columns.json',
      '{"columns":{"Who":"_p","When":"_t","What":"_n"},"time":"dates","timeZone":"UTC","others":"properties"}',
    )
    expect(await sendHere(sink, 'may.csv', `--columns=${here('columns.json')}`)).toMatchObject({ code: 1 })
    expect(await reportOf('may.csv')).toMatchObject({ lines: { total: 4, delivered: 1, rejected: 2, blank: 1 } })
    expect([...sink.taken.keys()]).toEqual([expect.stringMatching(/_p=bob&_n=Signed%2C%20up&_t=1393286400&_d=1&Plan=pro$/)])
    const rows = await read('may.csv.rejected.jsonl')
    expect(rows).toContain('"line":{"_t":"soon","_p":"ann","_n":"e"}')
    expect(rows).toContain('"line":"2014-02-25,eve"')
    await put(
      'may.csv.rejected.jsonl',
      rows.replace('"soon"', '1393344604').replace('"2014-02-25,eve"', '{"_p":"eve","_t":1393286400,"_n":"e"}'),
    )
    expect(await sendHere(sink, 'may.csv.rejected.jsonl')).toMatchObject({ code: 0 })
    expect(peopleAt(sink)).toEqual(new Map(['bob', 'ann', 'eve'].map((person) => [person, 1])))
  })

  describe('rules', () => {
    const MS = '{"_p":"ms","_t":1393344604000,"_n":"Signed Up"}'
    const EMAIL = '{"email":"bob","_t":1393344604,"_n":"Signed Up"}'

    test('correct lines on the way, and the result counts what each has done', async () => {
      await using sink = await startFaultSink(() => TAKEN)
      await put('may.jsonl', [GOOD, MS, EMAIL, NO_TIME].join('\n'))
      await put(
        'rules.json',
        '[{"fix":"rename:email=_p"},{"fix":"drop:_n","lines":"all"},{"fix":"default:plan=Free","lines":"all"}]',
      )
      const sent = await sendHere(sink, 'may.jsonl', `--rules=${here('rules.json')}`, '--fix=ms-timestamps')
      expect(sent).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(
          'Changed by rules: rename:email=_p 1 line, drop:_n 3 lines, default:plan 3 lines, ms-timestamps 1 line.',
        ) as unknown,
        stdout: expect.stringContaining('ms-timestamps 1 line') as unknown,
      })
      expect(await reportOf('may.jsonl')).toMatchObject({
        lines: { delivered: 3, rejected: 1 },
        fixedBy: { 'rename:email=_p': 1, 'drop:_n': 3, 'default:plan': 3, 'ms-timestamps': 1 },
      })
      expect(peopleAt(sink)).toEqual(new Map(['a', 'ms', 'bob'].map((person) => [person, 1])))
      expect([...sink.taken.keys()].every((request) => request.includes('plan=Free') && request.includes('_t=1393344604&'))).toBe(
        true,
      )
    })

    test('make a CSV file with other separators one that can be sent', async () => {
      await using sink = await startFaultSink(() => TAKEN)
      await put('may.csv', 'Identity;Timestamp;Event\nann;1393344604000;Signed up\n')
      expect(await sendHere(sink, 'may.csv')).toMatchObject({ code: 1 })
      expect(await sendHere(sink, 'may.csv', '--fix=csv', '--fix=ms-timestamps')).toMatchObject({ code: 0 })
      expect(peopleAt(sink)).toEqual(new Map([['ann', 1]]))
    })

    test('correct lines that were rejected before', async () => {
      await using sink = await startFaultSink(() => TAKEN)
      await put('may.jsonl', [GOOD, MS, NO_TIME].join('\n'))
      await sendHere(sink, 'may.jsonl')
      const rejected = 'may.jsonl.rejected.jsonl'
      expect(await sendHere(sink, rejected)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('none of them is valid yet') as unknown,
      })
      const shown = await runInProcess(['preview', here(rejected), '--fix', 'ms-timestamps', '--json'])
      expect(JSON.parse(shown.stdout)).toMatchObject({ lines: { valid: 1, rejected: 1 }, fixedBy: { 'ms-timestamps': 1 } })
      expect(await sendHere(sink, rejected, '--fix=ms-timestamps')).toMatchObject({ code: 1 })
      expect(peopleAt(sink)).toEqual(new Map(['a', 'ms'].map((person) => [person, 1])))
    })

    test('are those of the whole file: an interrupted send is not continued with others', async () => {
      let requests = 0
      await using sink = await startFaultSink(() => (requests++ < 30 ? TAKEN : status(401)))
      await put('many.jsonl', manyLines(200).join('\n'))
      expect(await sendHere(sink, 'many.jsonl', '--fix=trim')).toMatchObject({ code: 2 })
      const sent = sink.taken.size
      for (const args of [[], ['--fix=octal'], ['--fix=trim', '--fix=octal']])
        expect(await sendHere(sink, 'many.jsonl', ...args)).toMatchObject({
          code: 2,
          stderr: expect.stringContaining(
            'many.jsonl was interrupted, and it had begun with 1 rule: trim. Nothing was sent now. To continue it, use the same --rules, --fix and --columns as before.',
          ) as unknown,
        })
      expect(sink.taken.size).toBe(sent)
      await using healed = await startFaultSink(() => TAKEN)
      expect(await sendHere(healed, 'many.jsonl', '--fix=trim')).toMatchObject({ code: 1 })
      expect(await reportOf('many.jsonl')).toMatchObject({
        lines: { total: 200, delivered: 190, rejected: 10 },
        fixedBy: { trim: 0 },
      })
    })

    // prettier-ignore
    test.each([
      [ 'a file that is not there',       ['--rules=/no/rules.json'],  /\/no\/rules\.json cannot be read \(ENOENT\)\. Check the name after --rules\./ ],
      [ 'a file that has no rules',       '{"a":1}',                   /rules\.json is not a list of rules\. Write, for example, \[\{"fix": "ms-timestamps"\}\]/ ],
      [ 'rules for several prefixes',     '{"prefixes":[{"prefix":"a","rules":[]},{"prefix":"b","rules":[]}]}', /has rules for several prefixes/ ],
      [ 'a rule that does not exist',     '[{"fix":"guess"}]',         /rules\.json has rules that cannot be used\. There is no rule "guess"/ ],
      [ 'a fix that does not exist',      ['--fix=guess'],             /--fix is "guess": expected csv, ms-timestamps/ ],
      [ 'a rule that leaves lines out',   ['--fix=skip:a=b'],          /--fix is "skip:a=b": that is a rule, not a fix/ ],
      [ 'rules that contradict',          ['--fix=trim', '--fix=trim'], /The rules "trim" and "trim" contradict each other/ ],
    ])('%s: nothing is sent', async (_what, given, sentence) => {
      await put('may.jsonl', GOOD)
      if (typeof given === 'string') await put('rules.json', given)
      const args = typeof given === 'string' ? [`--rules=${here('rules.json')}`] : given
      expect(await sendHere({ url: 'http://127.0.0.1:1' }, 'may.jsonl', ...args)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(sentence) as unknown,
      })
    })
  })

  test('a line whose bytes were not UTF-8 is not sent before the user has replaced them', async () => {
    await using sink = await startFaultSink()
    await put(
      'latin1.jsonl',
      Buffer.concat([Buffer.from(`${GOOD}\n{"_p":"a","_t":1393344604,"_n":"caf`), Buffer.from([0xe9]), Buffer.from('"}\n')]),
    )
    await sendHere(sink, 'latin1.jsonl')
    const rejected = 'latin1.jsonl.rejected.jsonl'
    const row = await read(rejected)
    await put(
      rejected,
      `${row}${row
        .replace('caf\ufffd', 'café')
        .replace(/"lineBase64":"[^"]*",/, '')
        .replace(/"id":"./, '"id":"z')}`,
    )
    expect(await sendHere(sink, rejected)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/, line 1: some bytes of the line were not UTF-8/) as unknown,
    })
    expect(sink.seen).toHaveLength(1)
  })

  test('no control character in the file reaches the terminal', async () => {
    await using sink = await startFaultSink()
    const names = ['Signed\u001b[2J Up', 'signed\u001b[2j up', 'SIGNED\u202e UP', 'signed\u202e up']
    const lines = names.map((name) => JSON.stringify({ _p: 'a', _t: 1393344604, _n: name }))
    await put('a.jsonl', [...lines, JSON.stringify({ _p: 'a', _t: 1393344604, 'x\u001b[2J': {} })].join('\n'))
    const { stderr, stdout } = await start(sink, ['a.jsonl']).ended()
    expect(stderr).toContain('probably meant to be one')
    expect(stderr + stdout).not.toMatch(/[\u001b\u202e]/)
  })

  test('is sent only once, unless it has changed or --again is given', async () => {
    await using sink = await startFaultSink()
    await put('a.jsonl', [GOOD, NO_TIME].join('\n'))
    await sendHere(sink, 'a.jsonl')
    const before = await read('a.jsonl.rejected.jsonl')
    expect(await sendHere(sink, 'a.jsonl')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/was already sent on .* Use --again to send it again/) as unknown,
    })
    expect(sink.seen).toHaveLength(1)
    await sendHere(sink, 'a.jsonl', '--again')
    expect(sink.seen).toHaveLength(2)
    await put('a.jsonl', [GOOD, NO_TIME, GOOD, ''].join('\n'))
    await sendHere(sink, 'a.jsonl')
    expect(sink.seen).toHaveLength(4)
    expect(await readdir(folder)).toEqual([
      'a.jsonl',
      'a.jsonl.receipt.1.json',
      'a.jsonl.receipt.2.json',
      'a.jsonl.receipt.json',
      'a.jsonl.rejected.1.jsonl',
      'a.jsonl.rejected.2.jsonl',
      'a.jsonl.rejected.jsonl',
      'a.jsonl.report.1.json',
      'a.jsonl.report.2.json',
      'a.jsonl.report.json',
    ])
    expect(await read('a.jsonl.rejected.1.jsonl')).toBe(before)
    expect((await sendHere(sink, ...(await readdir(folder)))).stderr).not.toContain('report.json')
    expect(sink.seen).toHaveLength(4)
  })
})

describe('an interrupted send', () => {
  const SLOWLY = { KM_MAX_LINES_PER_SECOND: '750' }

  /** After so many kills: the clock moves past the lease of each killed run, which is three seconds. */
  const ahead = (kills: number) => ({
    KM_AHEAD_MS: String(kills * 4_000),
    NODE_OPTIONS: `--import=${path.join(import.meta.dirname, '..', 'support', 'clock-ahead.ts')}`,
  })

  /** Until the endpoint has received that many requests. */
  const requests = (sink: FaultSink, count: number) =>
    eventually('some lines', () => Promise.resolve(sink.seen.length >= count ? true : undefined))

  test('continues after Ctrl-C: no line is lost, and none is sent twice', async () => {
    await using sink = await startFaultSink()
    const lines = manyLines(3_000)
    await put('a.jsonl', lines.join('\n'))
    for (const more of [500, 1_500]) {
      const program = start(sink, ['a.jsonl'], SLOWLY)
      await requests(sink, more)
      program.kill('SIGINT')
      expect(onOneRow(await program.ended())).toMatchObject({
        code: 130,
        stderr: expect.stringMatching(
          /Interrupted\. [\d,]+ lines of .*a\.jsonl are done\. Run the same command to continue\. $/,
        ) as unknown,
      })
    }
    const last = await send(sink, 'a.jsonl')
    expect(last.stderr).toMatch(
      /continues after line [\d,]+, where an earlier send was interrupted: [\d,]+ delivered, [\d,]+ rejected, [\d,]+ left, blank and invalid ones included\./,
    )
    expect(await reportOf('a.jsonl')).toMatchObject({
      lines: { total: 3_000, delivered: 2_850, rejected: 150 },
      repeatsPossible: 0,
    })
    expect(peopleAt(sink).size).toBe(2_850)
    expect(sink.seen).toHaveLength(2_850)
    await expectEachRejectedOnce('a.jsonl', lines)
  })

  test('continues after it was killed several times: no line is lost, each is rejected once, and the report has the number of possible repeats', async () => {
    await using sink = await startFaultSink()
    const lines = manyLines(3_000)
    await put('a.jsonl.gz', gzipSync(lines.join('\n')))
    for (const [more, env] of [
      [350, {}],
      [1_250, ahead(1)],
      [2_250, ahead(2)],
    ] as const) {
      const program = start(sink, ['a.jsonl.gz'], { ...SLOWLY, ...env })
      await requests(sink, more)
      program.kill('SIGKILL')
      await program.ended()
    }
    expect(await start(sink, ['a.jsonl.gz'], ahead(3)).ended()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/continues after line [\d,]+, where\s+an earlier send was interrupted/) as unknown,
    })
    const report = await reportOf('a.jsonl.gz')
    expect(report).toMatchObject({ lines: { total: 3_000, delivered: 2_850, rejected: 150 } })
    expect(peopleAt(sink).size).toBe(2_850)
    const repeats = [...peopleAt(sink).values()].reduce((sum, times) => sum + times - 1, 0)
    expect(repeats).toBeLessThanOrEqual(report.repeatsPossible)
    await expectEachRejectedOnce('a.jsonl.gz', lines)
    expect(await readdir(folder)).not.toContain('a.jsonl.gz.send-state.json')
    expect(await runInProcess(['verify', here('a.jsonl.gz'), here('a.jsonl.gz.receipt.json')])).toMatchObject({ code: 0 })
    expect(await readFile(here('a.jsonl.gz.receipt.json'), 'utf8')).not.toContain(folder)
  })

  test('a second Ctrl-C ends it immediately, and it continues as well', async () => {
    await using sink = await startFaultSink(({ target }) => (target.includes('p900&') ? { kind: 'stall' } : TAKEN))
    await put('a.jsonl', manyLines(2_000).join('\n'))
    const program = start(sink, ['a.jsonl'])
    await requests(sink, 900)
    let isOver = false
    const ended = program.ended().finally(() => (isOver = true))
    // The first leaves it waiting for its requests. Several that arrive before it handles one count as one, so they continue until it ends.
    await eventually('the end', () => {
      program.kill('SIGINT')
      return Promise.resolve(isOver ? true : undefined)
    })
    expect(await ended).toMatchObject({ code: 130 })
    await using healthy = await startFaultSink()
    expect(await start(healthy, ['a.jsonl'], ahead(1)).ended()).toMatchObject({ code: 1 })
    expect(new Set([...peopleAt(sink).keys(), ...peopleAt(healthy).keys()]).size).toBe(1_900)
  })

  test('two commands do not send the same file at the same time', async () => {
    const second = Promise.withResolvers<unknown>()
    await using sink = await startFaultSink(({ target }) =>
      target.includes('p250&') ? { kind: 'held', until: second.promise } : TAKEN,
    )
    await put('a.jsonl', manyLines(500).join('\n'))
    const first = start(sink, ['a.jsonl'])
    await requests(sink, 250)
    expect(await send(sink, 'a.jsonl')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Another km-import send is working on') as unknown,
    })
    second.resolve(undefined)
    expect(await first.ended()).toMatchObject({ code: 1 })
    // The request that is held is sent again if the second command takes longer than a request may.
    expect(sink.seen.filter(({ target }) => !target.includes('p250&'))).toHaveLength(474)
  })

  test('a wrong key stops it before a line counts as sent, and the same command continues with the right one', async () => {
    await using wrong = await startFaultSink(() => status(401))
    await put('a.jsonl', manyLines(100).join('\n'))
    const stopped = await send(wrong, 'a.jsonl')
    expect(stopped.code).toBe(2)
    expect(stopped.stderr).toMatch(/km-import: .*401/s)
    expect(stopped.stderr).toContain(`Check its address (${wrong.url}), the API key`)
    await using sink = await startFaultSink()
    expect(await send(sink, 'a.jsonl')).toMatchObject({ code: 1 })
    expect(sink.seen).toHaveLength(95)
  })

  test('a short outage does not make a line undeliverable', async () => {
    let isDown = true
    await using sink = await startFaultSink(() => (isDown ? status(503) : TAKEN))
    await put('a.jsonl', manyLines(100).join('\n'))
    const program = start(sink, ['a.jsonl'])
    await requests(sink, 1)
    isDown = false
    expect(await program.ended()).toMatchObject({ code: 1 })
    expect(await reportOf('a.jsonl')).toMatchObject({ lines: { delivered: 95, rejected: 5, undeliverable: 0 } })
  })
})

async function expectEachRejectedOnce(name: string, lines: readonly string[]): Promise<void> {
  const rows = (await read(`${name}.rejected.jsonl`)).trimEnd().split('\n')
  const numbers = rows.map((row) => (JSON.parse(row) as { source: { line: number } }).source.line).toSorted((a, b) => a - b)
  expect(numbers).toEqual(lines.flatMap((line, index) => (line.includes('_t') ? [] : [index + 1])))
}

describe('what a send refuses, before it writes anything', () => {
  // prettier-ignore
  test.each([
    // what                       arguments                                                          environment                 it says
    [ 'no key',                   ['a.jsonl'],                                                       { KM_API_KEY: '' },         /^km-import: No API key: the environment variable KM_API_KEY is not set, and sending needs one\./ ],
    [ 'another key that is unset',['a.jsonl', '--api-key-env=NO_KEY'],                               {},                         /NO_KEY is not set/ ],
    [ 'standard input',           ['-'],                                                             {},                         /can be read only once/ ],
    [ 'a bucket',                 ['s3://exports/a.jsonl'],                                          {},                         /is in a bucket\. Download it first/ ],
    [ 'no such file',             ['none.jsonl'],                                                    {},                         /there is no such file/ ],
    [ 'an address without https', ['a.jsonl', '--endpoint=http://example.com'],                      {},                         /--endpoint is "http:\/\/example\.com"/ ],
    [ 'a setting out of range',   ['a.jsonl'],                                                       { KM_MAX_IN_FLIGHT: '0' },  /KM_MAX_IN_FLIGHT is "0"/ ],
  ])('%s', async (_, args, env, sentence) => {
    await put('a.jsonl', GOOD)
    const names = args.map((arg) => (arg.endsWith('.jsonl') && !arg.includes(':') ? here(arg) : arg))
    const { code, stderr } = await runInProcess(['send', ...names, '--yes'], { KM_API_KEY: API_KEY, ...env })
    expect(stderr).toMatch(sentence)
    expect(code).toBe(2)
    expect(await readdir(folder)).toEqual(['a.jsonl'])
  })

  test('nothing is sent without a terminal to confirm on, or --yes', async () => {
    await using sink = await startFaultSink()
    await put('a.jsonl', GOOD)
    const ended = await new Program(['send', here('a.jsonl'), '--endpoint', sink.url], { KM_API_KEY: API_KEY }).ended()
    expect(ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Add --yes to continue without a question.') as unknown,
    })
    expect(sink.seen).toEqual([])
    expect(await readdir(folder)).toEqual(['a.jsonl'])
  })
})
