import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import about from '../../../package.json' with { type: 'json' }
import { completionScript } from '../../../cli/completion/completion.ts'
import { runInProcess } from '../../support/in-process.ts'

// cspell:ignore cword compreply

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-completion-'))
  await writeFile(path.join(folder, 'export.jsonl'), '')
  for (const shell of ['bash', 'zsh', 'fish'] as const) await writeFile(path.join(folder, shell), completionScript(shell))
})
afterAll(() => rm(folder, { recursive: true }))

describe('what a shell is offered', () => {
  // prettier-ignore
  test.each<[string, readonly string[], readonly string[], string]>([
    // what                           typed                               among the answers                       files
    [ 'commands',                     ['sta'],                            ['status\tshow the state of all imports'], ':4' ],
    [ 'commands of a command',        ['rejects', 'p'],                   ['pull\twrite dead letters'],           ':4' ],
    [ 'options',                      ['send', '--rel'],                  ['--release\talso send files'],         ':4' ],
    [ 'choices of an argument',       ['completion', ''],                 ['bash', 'zsh', 'fish'],                ':4' ],
    [ 'files',                        ['send', ''],                       [],                                     ':0' ],
    [ 'files as the value of an option', ['local', '--drop-dir', ''],     [],                                     ':0' ],
  ])('%s', async (_, typed, answers, files) => {
    const { code, stdout, stderr } = await runInProcess(['complete', '--', ...typed])
    const rows = stdout.trimEnd().split('\n')
    expect({ code, stderr, files: rows.at(-1) }).toEqual({ code: 0, stderr: '', files })
    for (const answer of answers) expect(rows.some((row) => row.startsWith(answer))).toBe(true)
    if (files === ':0') expect(rows).toHaveLength(1)
  })
})

function inShell(shell: string, script: string): string {
  const { stdout, stderr } = spawnSync(shell, ['-c', script], { cwd: folder, encoding: 'utf8' })
  return stdout + stderr
}

/** Only bash is on every computer that runs these tests. */
const isHere = (shell: string) => spawnSync(shell, ['--version']).error === undefined

test('bash loads the script, also twice, and completes with it', () => {
  const complete = (words: string) =>
    `COMP_WORDS=(km-import ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); __km_import_complete 2>/dev/null; echo "\${COMPREPLY[@]}"`
  expect(
    inShell(
      'bash',
      `source ./bash; source ./bash; ${complete('rejects l')}; ${complete("send ''")}; complete -p km-import; km-import --version`,
    ),
  ).toBe(`list\n\ncomplete -o default -F __km_import_complete km-import\n${about.version}\n`)
})

for (const shell of ['zsh', 'fish'])
  (isHere(shell) ? test : test.skip)(
    `${shell} loads the script${isHere(shell) ? '' : ': NOT TESTED, this computer has no such shell'}`,
    () => {
      expect(inShell(shell, `source ./${shell}; km-import --version`)).toBe(`${about.version}\n`)
    },
  )
