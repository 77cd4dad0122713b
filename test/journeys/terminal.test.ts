import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { widthOf } from '../../cli/terminal/layout.ts'
import { PROGRAM } from '../support/program.ts'

// cspell:ignore stty

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-terminal-'))
  await mkdir(path.join(folder, 'drop'))
  const line = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}\n'
  await writeFile(path.join(folder, 'drop', `${'long-'.repeat(30)}name.jsonl`), line + '{"_p":"a"}\n')
  await writeFile(path.join(folder, 'drop', 'list.json'), `[${line}]\n`)
})
afterAll(() => rm(folder, { recursive: true }))

/** Addresses, paths and commands stay whole, so that they can be copied. */
const CANNOT_BE_CUT = /https?:|npx km-import|aws s3|\/\S{20}/

/** Runs the program in a pseudo-terminal, as `script` of util-linux makes one. @returns the rows that it has shown */
function rowsOn(columns: number, args: readonly string[]): readonly string[] {
  const command = `stty cols ${columns} rows 50; exec ${[process.execPath, PROGRAM, ...args].join(' ')}`
  const { stdout } = spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', KM_API_KEY: 'k'.repeat(40) },
  })
  // What is overwritten, after the cursor has moved or a line was deleted, counts too.
  return stdout.split(/\r?\n|\r|\u001b\[\d*[GK]/).map((row) => stripVTControlCharacters(row))
}

const canRun = process.platform === 'linux' && existsSync('/usr/bin/script')

;(canRun ? describe : describe.skip)('on a terminal, no row is wider than it', () => {
  // prettier-ignore
  test.each([
    // columns  what                           the command                                                                        it shows
    [ 80,       'an import',                   ['local', '--once', '--drop-dir', 'drop', '--state-dir', 'state-80'],              /list\.json {2}rejected/ ],
    [ 120,      'an import',                   ['local', '--once', '--drop-dir', 'drop', '--state-dir', 'state-120'],             /list\.json {2}rejected/ ],
    [ 80,       'a command in a sentence',     ['preview', 'drop/list.json'],                                                     /^npx km-import fix drop\/list\.json --fix array\)/m ],
    [ 80,       'what to do with a file',      ['fix', 'drop/list.json', '--fix', 'array', '-o', `${'long-'.repeat(12)}.jsonl`],  /^npx km-import preview long-/m ],
    [ 120,      'an error',                    ['status', '--state-dir', 'none'],                                                 /No importer runs/ ],
    [ 80,       'an address without a server', ['send', 'drop/list.json', '--endpoint', 'http://127.0.0.1:9', '--yes'],           /cannot be reached/ ],
  ])('%i columns: %s', (columns, _what, args, shown) => {
    const rows = rowsOn(columns, args)
    expect(rows.join('\n')).toMatch(shown)
    expect(rows.filter((row) => widthOf(row) > columns && !CANNOT_BE_CUT.test(row))).toEqual([])
  })
})
