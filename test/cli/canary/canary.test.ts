import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { CanaryResult } from '../../../cli/canary/text.ts'
import { canaryText } from '../../../cli/canary/text.ts'
import { startFaultSink } from '../../support/fault-sink.ts'
import { runInProcess } from '../../support/in-process.ts'
import { Installation } from '../../support/installation.ts'

describe('km-import canary', () => {
  test('sends one event of a new person through the importer, and names the person', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const stateDir = await mkdtemp(path.join(tmpdir(), 'km-canary-'))
    await using _announced = await installation.announceIn(stateDir)

    const asked = await runInProcess(['canary', '--state-dir', stateDir])
    expect(asked).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('It cannot be deleted. There is no terminal to ask on.'),
    })
    expect(sink.seen).toHaveLength(0)

    const { code, stdout } = await runInProcess(['canary', '--yes', '--json', '--state-dir', stateDir])
    const result = JSON.parse(stdout) as CanaryResult
    expect({ code, result }).toMatchObject({ code: 0, result: { event: 'km-import canary', state: 'complete' } })
    expect(sink.seen.map(({ target }) => target)).toEqual([
      expect.stringMatching(new RegExp(`^/e\\?.*_p=${result.person}&.*_n=km-import%20canary`)),
    ])

    const again = await runInProcess(['canary', '--yes', '--state-dir', stateDir])
    expect(again.stdout).toContain('search for the person:\n  km-import-canary-')
    expect(again.stdout).not.toContain(result.person)
  })

  test.each(['0', 'soon', '1.5', '3601'])('--timeout %s is refused', async (timeout) => {
    expect(await runInProcess(['canary', '--timeout', timeout])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`--timeout is "${timeout}": expected a whole number of seconds from 1 to 3600.`),
    })
  })
})

const RESULT: CanaryResult = {
  person: 'km-import-canary-1',
  event: 'km-import canary',
  time: 1,
  file: 'incoming/c.json',
  state: 'complete',
}
const output = { write: () => undefined }

// prettier-ignore
test.each([
  //  result                                                         text
  [ { state: 'complete' as const, url: 'http://127.0.0.1:9/people/c?_k=K' }, /emulator, which shows the person here:\n {2}http:\/\/127\.0\.0\.1:9\/people\/c\?_k=K\n/ ],
  [ { state: 'complete' as const },                                  /search for the person:\n {2}km-import-canary-1\nOne event must be there/ ],
  [ { state: 'importing' as const },                                 /not delivered in time\.\nTo see why:\n {2}npx km-import status incoming\/c\.json --stack S\n/ ],
  [ { state: 'complete-with-rejects' as const },                     /not delivered: complete-with-rejects\.\n/ ],
])('%j', (more, text) => {
  expect(canaryText({ ...RESULT, ...more }, ' --stack S', output)).toMatch(text)
})
