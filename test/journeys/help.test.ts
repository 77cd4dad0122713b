import { describe, expect, test } from '@jest/globals'
import about from '../../package.json' with { type: 'json' }
import { run } from '../support/program.ts'

const COMMANDS = [
  [],
  ['local'],
  ['preview'],
  ['send'],
  ['status'],
  ['doctor'],
  ['console'],
  ['backfill'],
  ['completion'],
  ['pause'],
  ['resume'],
  ['limit'],
  ['cancel'],
  ['rejects'],
  ['rejects', 'list'],
  ['rejects', 'pull'],
  ['rejects', 'replay'],
  ['rejects', 'archive'],
  ['rejects', 'discard'],
  ['rules'],
  ['rules', 'list'],
  ['rules', 'preview'],
  ['rules', 'add'],
  ['rules', 'remove'],
].map((words) => [words.join(' ') || 'the program itself', words] as const)

describe('the help of each command fits 80 columns, and has an example that works when it is pasted', () => {
  test.each(COMMANDS)('%s', async (_, words) => {
    const { code, stdout, stderr } = await run([...words, '--help'])
    expect(stdout).toContain(['\n  npx km-import', ...words].join(' '))
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

test('--version is that of the package', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${about.version}\n`, stderr: '' })
})
