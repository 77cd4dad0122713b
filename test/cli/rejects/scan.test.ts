import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { scanDeadLetters } from '../../../cli/rejects/scan.ts'
import type { StoredDeadLetter } from '../../../cli/rejects/stored-dead-letter.ts'
import { deadLetterOf, NEVER, TestDeployment } from './fixtures.ts'

let cloud: TestDeployment
let selections: AsyncDisposable[]
beforeEach(async () => {
  selections = []
  cloud = await TestDeployment.start()
})
afterEach(async () => {
  // Each renews what it hides until it is disposed of.
  for (const selection of selections) await selection[Symbol.asyncDispose]()
  await cloud[Symbol.asyncDispose]()
})

async function seenBy(isSelected: (deadLetter: StoredDeadLetter) => boolean, signal = NEVER) {
  const seen: StoredDeadLetter[] = []
  const selection = await scanDeadLetters(
    cloud.deployment,
    (deadLetter) => {
      seen.push(deadLetter)
      return isSelected(deadLetter)
    },
    signal,
  )
  selections.push(selection)
  return { seen, selection }
}

describe('a scan', () => {
  test('reads the queue and the archive, and says what commands include by default', async () => {
    const queued = await cloud.queue(deadLetterOf('{}'))
    await cloud.archive('old', deadLetterOf('{}'), 'old')
    await cloud.archive('asked', deadLetterOf('{}'), 'asked')
    await cloud.archive('failed', deadLetterOf('{}'), 'replayed')
    const { seen, selection } = await seenBy(() => false)
    await selection[Symbol.asyncDispose]()
    expect(selection.isComplete).toBe(true)
    expect(new Map(seen.map(({ id, status, isIncludedByDefault }) => [id, [status, isIncludedByDefault]]))).toEqual(
      new Map([
        [queued, ['queued', true]],
        ['old', ['archived', true]],
        ['asked', ['archived', false]],
        ['failed', ['quarantined', false]],
      ]),
    )
  })

  test('hides what it selects until the selection is disposed of, and nothing else', async () => {
    const [selected, other] = [await cloud.queue(deadLetterOf('a')), await cloud.queue(deadLetterOf('b'))]
    const { selection } = await seenBy(({ id }) => id === selected)
    expect(await cloud.visible()).toEqual([other])
    await selection[Symbol.asyncDispose]()
    expect(await cloud.visible()).toEqual([selected, other].sort())
  })

  test('sees a dead letter that an interrupted run has stored twice once, and removes it from both places', async () => {
    const id = await cloud.queue(deadLetterOf('{}'))
    await cloud.archive(id, deadLetterOf('{}'), 'old')
    const { seen, selection } = await seenBy(() => true)
    expect(seen.map((deadLetter) => deadLetter.id)).toEqual([id])
    await selection.remove([id])
    await selection[Symbol.asyncDispose]()
    const after = await seenBy(() => false)
    expect([after.seen, await cloud.queued()]).toEqual([[], 0])
  })

  test('counts the dead letters that another reader holds, and is not complete then', async () => {
    const ids = await Promise.all(['a', 'b', 'c'].map((line) => cloud.queue(deadLetterOf(line))))
    const other = await seenBy(({ id }) => id !== ids[0])
    const held = await seenBy(() => false)
    await held.selection[Symbol.asyncDispose]()
    expect([held.seen.length, held.selection.inUse, held.selection.isComplete]).toEqual([1, 2, false])
    await other.selection[Symbol.asyncDispose]()
    const free = await seenBy(() => false)
    await free.selection[Symbol.asyncDispose]()
    expect([free.seen.length, free.selection.inUse, free.selection.isComplete]).toEqual([3, 0, true])
  })

  test('waits for nothing if it has seen as many dead letters as SQS counts; otherwise it asks all servers of the queue', async () => {
    const requests = jest.spyOn(cloud.deployment.sqs, 'send')
    const waits = () =>
      new Set(requests.mock.calls.flatMap(([{ input }]) => ('WaitTimeSeconds' in input ? [input.WaitTimeSeconds] : [])))
    await Promise.all(Array.from({ length: 25 }, (_, index) => cloud.queue(deadLetterOf(String(index)))))
    const all = await seenBy(({ id }) => id < '8')
    expect([all.seen.length, all.selection.isComplete, waits()]).toEqual([25, true, new Set([0])])
    await seenBy(() => false)
    expect(waits()).toEqual(new Set([0, 1]))
  })

  test('sees a dead letter that was archived twice once, and removes it from both files', async () => {
    await cloud.archiveAll(['first', 'twice'], deadLetterOf('{}'), 'old')
    await cloud.archiveAll(['second', 'twice'], deadLetterOf('{}'), 'old')
    const { seen, selection } = await seenBy(({ id }) => id === 'twice')
    expect(seen.map(({ id }) => id).sort()).toEqual(['first', 'second', 'twice'])
    await selection.remove(['twice'])
    await selection[Symbol.asyncDispose]()
    expect((await seenBy(() => false)).seen.map(({ id }) => id).sort()).toEqual(['first', 'second'])
  })

  test('that is interrupted leaves everything visible, and is not complete', async () => {
    const id = await cloud.queue(deadLetterOf('{}'))
    const controller = new AbortController()
    const { selection } = await seenBy(() => {
      controller.abort()
      return false
    }, controller.signal)
    await selection[Symbol.asyncDispose]()
    expect(selection.isComplete).toBe(false)
    expect(await cloud.visible()).toEqual([id])
  })

  test('that fails leaves everything visible', async () => {
    const id = await cloud.queue(deadLetterOf('{}'))
    await cloud.put('archived/mine.txt', 'hello')
    await expect(seenBy(() => true)).rejects.toThrow('archived/mine.txt')
    expect(await cloud.visible()).toEqual([id])
  })
})
