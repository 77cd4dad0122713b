import { PassThrough } from 'node:stream'
import { expect, jest, test } from '@jest/globals'
import { filePorts, type FilePortsContext } from '../../../cli/send/file-ports.ts'
import { Progress } from '../../../cli/send/progress.ts'
import { RejectedFile } from '../../../cli/send/rejected-file.ts'
import { SendState } from '../../../cli/send/state.ts'
import { SendStats } from '../../../cli/send/stats.ts'
import { newTask, taskBody } from '../../../lambda/intake/task.ts'
import { RECONCILE_SCHEMA } from '../../../lambda/keys.ts'
import type { Ports } from '../../../lambda/ports.ts'
import { beginCheckpoint } from '../../../lambda/settle/checkpoint.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { TestFolder } from './sent-file.ts'
import { promisedEndpoint } from '../../support/promised-endpoint.ts'

interface Opened {
  readonly ports: Ports
  readonly context: FilePortsContext
  readonly written: () => string
}

async function open(folder: TestFolder): Promise<Opened> {
  const file = await folder.sentFile('a.jsonl', '{}\n')
  const stats = new SendStats(0)
  let text = ''
  const output = new PassThrough().setEncoding('utf8').on('data', (more: string) => (text += more))
  using progress = new Progress(stats, { lines: 1, label: '', output }, () => 0)
  const context: FilePortsContext = {
    apiKey: 'k'.repeat(40),
    endpoint: promisedEndpoint(() => Promise.resolve({ kind: 'status', status: 200 })),
    clock: new VirtualClock(),
    limits: {} as FilePortsContext['limits'],
    rules: [],
    rejected: await RejectedFile.open(file, 0),
    stats,
    progress,
    defer: jest.fn(),
    onBusy: jest.fn(),
  }
  return { ports: filePorts(file, await SendState.read(file, new Date(0)), context), context, written: () => text }
}

test('a task for the queue is deferred; nothing else may be queued', async () => {
  await using folder = await TestFolder.create()
  const { ports, context } = await open(folder)
  const task = newTask({ bucket: 'b', key: 'k' })
  await ports.importQueue.send(taskBody(task), 30)
  expect(context.defer).toHaveBeenCalledWith(task, 30)
  expect(() => ports.importQueue.send(JSON.stringify({ schema: RECONCILE_SCHEMA }), 0)).toThrow('a send defers only tasks')
})

test('each checkpoint updates the stats; one that another process prevented does not', async () => {
  await using folder = await TestFolder.create()
  const { ports, context } = await open(folder)
  const checkpoint = {
    ...beginCheckpoint(undefined, {
      start: { line: 0, byte: 0 },
      startedAt: '',
      hasCrashed: false,
      maxRepeats: 0,
      maxUnsaved: 20,
    }),
    leaseHolder: { run: 'r', serial: 1, until: 0 },
  }
  const after = (delivered: number) => ({
    ...checkpoint,
    counts: { ...emptyCounts(), lines: { delivered, rejected: 0, undeliverable: 0, blank: 0 } },
  })
  const key = { bucket: 'b', key: 'k' }
  await ports.checkpoints.put(key, after(5), undefined)
  expect(context.stats.settled).toBe(5)
  await ports.checkpoints.put(key, after(9), 'the tag of another write')
  expect(context.stats.settled).toBe(5)
})

test('a warning is printed; what the result or the progress line shows is not', async () => {
  await using folder = await TestFolder.create()
  const { ports, context, written } = await open(folder)
  ports.events.missing('k', 'gone')
  ports.events.busy('k')
  expect(context.onBusy).toHaveBeenCalled()
  expect(written()).toBe('')
})

test('ports of jobs that a send does not run cannot be used by mistake', async () => {
  await using folder = await TestFolder.create()
  const { ports } = await open(folder)
  expect(() => ports.deadLetterReader.take(1)).toThrow('a send has no bucket and no dead-letter queue')
})
