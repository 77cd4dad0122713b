import { describe, expect, test } from '@jest/globals'
import about from '../../package.json' with { type: 'json' }
import { runInProcess } from '../support/in-process.ts'
import { run } from '../support/program.ts'

const COMMANDS = [
  [],
  ['local'],
  ['preview'],
  ['send'],
  ['fix'],
  ['release'],
  ['discard'],
  ['verify'],
  ['canary'],
  ['reconcile'],
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
    const { code, stdout, stderr } = await runInProcess([...words, '--help'])
    expect(stdout).toContain(['\n  npx km-import', ...words].join(' '))
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

test('the commands are in groups, the most used ones first, and a list without entries is not shown as a default', async () => {
  const { stdout } = await runInProcess(['--help'])
  const order = ['preview', 'send', 'status', 'rejects', 'pause', 'doctor', 'backfill'].map((name) =>
    stdout.indexOf(`\n  ${name}`),
  )
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  expect(stdout).toMatch(/^Import files:$/m)
  for (const words of [['preview'], ['send'], ['fix'], ['reconcile'], ['rejects', 'pull']])
    expect((await runInProcess([...words, '--help'])).stdout).not.toContain('default: []')
})

test('--version is that of the package', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${about.version}\n`, stderr: '' })
})
