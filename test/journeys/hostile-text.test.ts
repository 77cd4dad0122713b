import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startFaultSink } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { Installation } from '../support/installation.ts'

/** Sets the title of a window, clears the screen, goes back on the line, and turns the direction of writing round. */
const HOSTILE = '\u001b]0;pwned\u0007\u001b[2J\u009b31m\u0008\u202egpj.\u2066'
/** Everything but the newline can only come from the file or its name. */
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/

const LINES = [
  JSON.stringify({ _p: `a${HOSTILE}`, _t: 1393344604, _n: `Signed ${HOSTILE}`, [`name ${HOSTILE}`]: HOSTILE }),
  `{"_p":"a","_n":"raw \u007f\u009b\u202e"}`,
  `not JSON \u009b2J\u202e`,
  `{"_p":"a","_t":1393344604000,"_n":"x","\u202eplan":"\u2066"}`,
].join('\n')

let folder: string
let installation: Installation
let sink: Awaited<ReturnType<typeof startFaultSink>>
let announced: AsyncDisposable
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-hostile-'))
  sink = await startFaultSink()
  installation = await Installation.start(sink.url)
  announced = await installation.announceIn(folder)
  await installation.import(`${HOSTILE}.jsonl`, LINES)
  await writeFile(path.join(folder, `${HOSTILE}.jsonl`), LINES)
})
afterAll(async () => {
  await announced[Symbol.asyncDispose]()
  await installation[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

describe('text from a file, its name or a flag does not control the terminal', () => {
  const here = (name: string) => path.join(folder, name)
  // prettier-ignore
  test.each<[string, () => readonly string[]]>([
    [ 'preview',                () => ['preview', here(`${HOSTILE}.jsonl`)] ],
    [ 'preview of no file',     () => ['preview', here(`no ${HOSTILE}.jsonl`)] ],
    [ 'send',                   () => ['send', here(`${HOSTILE}.jsonl`), '--yes', '--endpoint', sink.url] ],
    [ 'send of no file',        () => ['send', here(`no ${HOSTILE}.jsonl`), '--yes', '--endpoint', sink.url] ],
    [ 'status',                 () => ['status'] ],
    [ 'status of one file',     () => ['status', `${HOSTILE}.jsonl`] ],
    [ 'status of no file',      () => ['status', `no ${HOSTILE}`] ],
    [ 'status --csv',           () => ['status', '--csv'] ],
    [ 'rejects list',           () => ['rejects', 'list'] ],
    [ 'rejects list --csv',     () => ['rejects', 'list', '--csv'] ],
    [ 'rejects pull',           () => ['rejects', 'pull', '-o', here('pulled.jsonl')] ],
    [ 'rejects pull --csv',     () => ['rejects', 'pull', '--csv'] ],
    [ 'rejects pull --fix',     () => ['rejects', 'pull', '--fix', `rename:${HOSTILE}=x`, '--fix', 'trim', '--fix', 'ms-timestamps', '--yes'] ],
    [ 'a reason',               () => ['rejects', 'list', '--reason', HOSTILE] ],
    [ 'an unknown fix',         () => ['rejects', 'pull', '--fix', HOSTILE] ],
    [ 'a file to replay',       () => ['rejects', 'replay', here(`no ${HOSTILE}`)] ],
    [ 'an unknown option',      () => [`--${HOSTILE}`] ],
    [ 'an unknown command',     () => [HOSTILE] ],
  ])('%s', async (_what, argsOf) => {
    const args = argsOf()
    const deployment = ['status', 'rejects'].includes(args[0] ?? '') ? ['--state-dir', folder] : []
    const { stdout, stderr } = await runInProcess([...args, ...deployment], { KM_API_KEY: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00' })
    expect(stdout + stderr).not.toBe('')
    expect(stdout).not.toMatch(CONTROLS)
    expect(stderr).not.toMatch(CONTROLS)
  })
})
