import { describe, expect, test } from '@jest/globals'
import type { Answer } from '../../../lambda/deliver/classify.ts'
import { InterruptedError, OutOfTime, SetupError } from '../../../lambda/errors.ts'
import { readMessage, UnknownMessageError, type Work } from '../../../lambda/intake/message.ts'
import { NEW_SEARCH } from '../../../lambda/intake/search.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import { dispatchAll, handleMessage } from '../../../lambda/jobs/dispatch.ts'
import { checkpointKey } from '../../../lambda/keys.ts'
import type { ImportQueue } from '../../../lambda/ports.ts'
import { reject } from '../../../lambda/reasons.ts'
import { lineDeadLetter } from '../../../lambda/settle/build-dead-letter.ts'
import { ACCEPTED, DOWN, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const TASK: Work = { kind: 'task', task: newTask(FILE) }
const LINE = { number: 1, byteStart: 0, byteEnd: goodLine().length, text: goodLine() }
const DEAD_LETTER: Work = {
  kind: 'dead-letter',
  deadLetter: lineDeadLetter(
    { file: FILE, replays: 0, lastModified: new Date('2026-01-01') },
    LINE,
    reject('endpoint_refused'),
    1,
    0,
  ),
}

function withFile(): MemoryCloud {
  const cloud = new MemoryCloud()
  cloud.put(goodLine())
  return cloud
}

async function handle(works: readonly Work[], cloud: MemoryCloud, ending = new AbortController().signal) {
  const { isAcknowledged } = await handleMessage(() => works, cloud.ports, invocation({ ending }))
  return { isAcknowledged, last: cloud.events.at(-1) }
}

describe('a message is acknowledged if', () => {
  // prettier-ignore
  test.each<[string, Work, string]>([
    //  it asks for                    work                                       last event
    [ 'a file is imported',            TASK,                                      'file_imported' ],
    [ 'a dead letter is replayed',     DEAD_LETTER,                               'dead_letter_replayed' ],
    [ 'missed files are searched',     { kind: 'reconcile', search: NEW_SEARCH },                     'no_missed_files' ],
    [ 'dead letters are archived',     { kind: 'archive' },                       'no_old_dead_letters' ],
    [ 'nothing is asked for',          { kind: 'ignored', why: 's3:TestEvent' },  'message_ignored' ],
  ])('%s', async (_what, work, code) => {
    const { isAcknowledged, last } = await handle([work], withFile())
    expect(isAcknowledged).toBe(true)
    expect(last?.facts.code).toBe(code)
  })

  test('the rest of its work is queued', async () => {
    const cloud = withFile()
    cloud.answer = () => DOWN
    expect(await handle([TASK], cloud)).toMatchObject({ isAcknowledged: true, last: { facts: { code: 'endpoint_down' } } })
    expect(cloud.queued).toHaveLength(1)
  })

  test('another invocation does its work', async () => {
    const cloud = withFile()
    cloud.write(checkpointKey(FILE, 1), busyWith('other', cloud))
    expect(await handle([TASK], cloud)).toMatchObject({ isAcknowledged: true, last: { facts: { code: 'task_busy' } } })
    expect(cloud.queued).toEqual([])
  })
})

describe('a message is kept if', () => {
  test('its lease is held, by another invocation or by one that was killed: it is delivered again when the lease ends', async () => {
    const cloud = withFile()
    cloud.write(checkpointKey(FILE, 1), busyWith('m', cloud))
    const handled = await handleMessage(() => [TASK], cloud.ports, invocation())
    expect(handled).toEqual({ isAcknowledged: false, againSeconds: 60 })
    expect(cloud.codes).toEqual(['message_delivered_twice'])
    expect(cloud.queued).toEqual([])
  })

  test('another message asks for its work by now', async () => {
    const cloud = withFile()
    const lost = invocation({ holdsMessage: () => Promise.resolve(false) })
    expect(await handleMessage(() => [TASK], cloud.ports, lost)).toMatchObject({ isAcknowledged: false })
    expect(cloud.codes).toEqual(['message_lost'])
  })

  test('the process is interrupted', async () => {
    const ending = AbortSignal.abort(new InterruptedError())
    expect(await handle([TASK], withFile(), ending)).toMatchObject({
      isAcknowledged: false,
      last: { facts: { code: 'interrupted' } },
    })
  })

  test('the lease is lost', async () => {
    const cloud = withFile()
    cloud.answer = () => {
      cloud.write(checkpointKey(FILE, 1), busyWith('other', cloud))
      return DOWN
    }
    expect(await handle([TASK], cloud)).toMatchObject({
      isAcknowledged: false,
      last: { level: 'warn', facts: { code: 'lease_lost' } },
    })
    expect(cloud.queued).toEqual([])
  })

  test('it carries a dead letter, and the endpoint is down', async () => {
    const cloud = withFile()
    cloud.answer = () => DOWN
    expect(await handle([DEAD_LETTER], cloud)).toMatchObject({
      isAcknowledged: false,
      last: { facts: { code: 'endpoint_down' } },
    })
  })

  test('S3 or SQS fails', async () => {
    const cloud = withFile()
    cloud.failing.add('checkpoints.put')
    const last = { level: 'error', facts: { code: 'import_failed' } }
    expect(await handle([TASK], cloud)).toMatchObject({ isAcknowledged: false, last })
  })

  test('it cannot be understood', async () => {
    const cloud = new MemoryCloud()
    const read = () => {
      throw new UnknownMessageError('It is not JSON.')
    }
    expect(await handleMessage(read, cloud.ports, invocation({ deliveries: 2 }))).toEqual({
      isAcknowledged: false,
      againSeconds: 60,
    })
    expect(cloud.events).toEqual([{ level: 'error', facts: { code: 'message_unknown', detail: 'It is not JSON.' } }])
  })

  test('it makes no progress', async () => {
    const ending = AbortSignal.abort(new OutOfTime())
    expect(await handle([TASK], withFile(), ending)).toMatchObject({
      isAcknowledged: false,
      last: { facts: { code: 'import_failed', name: 'NoProgressError' } },
    })
  })
})

describe('while the setup is wrong, no message uses up its deliveries', () => {
  const DENIED: Answer = { kind: 'status', status: 401 }

  // prettier-ignore
  test.each<[string, Work, readonly number[]]>([
    //  the message asks for           work                                                                waits for, in s
    [ 'a file',                        TASK,                                                               [30] ],
    [ 'a file, for the third time',    { kind: 'task', task: { ...newTask(FILE), delays: 2 } },            [120] ],
    [ 'a file, for the tenth time',    { kind: 'task', task: { ...newTask(FILE), delays: 9 } },            [900] ],
  ])('%s is queued as a new message', async (_what, work, delays) => {
    const cloud = withFile()
    cloud.answer = () => DENIED
    expect((await handle([work], cloud)).isAcknowledged).toBe(true)
    expect(cloud.codes.at(-1)).toBe('setup_wrong')
    expect(cloud.queued.map(({ delaySeconds }) => delaySeconds)).toEqual(delays)
  })

  test('a dead letter is queued as a new message, unchanged', async () => {
    const cloud = withFile()
    cloud.answer = () => DENIED
    const sent: (readonly [unknown, number])[] = []
    const importQueue: ImportQueue = { send: (body, seconds) => Promise.resolve(void sent.push([readMessage(body), seconds])) }
    expect(await dispatchAll([DEAD_LETTER], { ...cloud.ports, importQueue }, invocation())).toEqual({ kind: 'done' })
    expect(sent).toEqual([[[DEAD_LETTER], 900]])
  })

  test('if not even the import queue can be used, the message stays, and no crash is logged', async () => {
    const cloud = withFile()
    cloud.answer = () => DENIED
    const importQueue: ImportQueue = { send: () => Promise.reject(new SetupError('The queue does not exist.')) }
    const handled = await handleMessage(() => [TASK], { ...cloud.ports, importQueue }, invocation())
    expect(handled).toEqual({ isAcknowledged: false, againSeconds: 30 })
    expect(cloud.codes).toEqual(['file_opened', 'setup_wrong', 'setup_wrong'])
    expect(cloud.events.at(-1)?.facts).toMatchObject({ detail: 'The queue does not exist.' })
  })

  test('the daily jobs wait for the message of the next day', async () => {
    const cloud = withFile()
    const listing = { ...cloud.ports.listing, pages: () => { throw new SetupError('may not list') } } // prettier-ignore
    expect(await dispatchAll([{ kind: 'reconcile', search: NEW_SEARCH }], { ...cloud.ports, listing }, invocation())).toEqual({
      kind: 'done',
    })
    expect(cloud.codes).toEqual(['setup_wrong'])
  })

  test('a message that asks for several files queues each of them', async () => {
    const cloud = withFile()
    cloud.answer = () => DENIED
    const other: Work = { kind: 'task', task: newTask({ ...FILE, key: 'incoming/b.json' }) }
    expect((await handle([TASK, other], cloud)).isAcknowledged).toBe(true)
    expect(cloud.queued.map(({ task }) => task.file.key)).toEqual(['incoming/a.json', 'incoming/b.json'])
  })

  test('if SQS does not accept the new message, the message is kept', async () => {
    const cloud = withFile()
    cloud.answer = () => DENIED
    cloud.failing.add('importQueue.send')
    expect((await handle([TASK], cloud)).isAcknowledged).toBe(false)
    expect(cloud.codes.slice(-2)).toEqual(['setup_wrong', 'import_failed'])
  })
})

describe('a message that asks for several files', () => {
  const SECOND: Work = { kind: 'task', task: newTask({ ...FILE, key: 'incoming/b.json' }) }

  test('is done when all of them are', async () => {
    const cloud = withFile()
    expect(await dispatchAll([TASK, SECOND], cloud.ports, invocation())).toEqual({ kind: 'done' })
    expect(cloud.requests).toHaveLength(2)
  })

  test('stops at the first that keeps the message; the next delivery skips what is done', async () => {
    const cloud = withFile()
    cloud.answer = () => DOWN
    expect(await dispatchAll([DEAD_LETTER, TASK], cloud.ports, invocation())).toMatchObject({ kind: 'outage' })
    cloud.answer = () => ACCEPTED
    expect(await dispatchAll([DEAD_LETTER, TASK], cloud.ports, invocation())).toEqual({ kind: 'done' })
    expect(cloud.report?.state).toBe('complete')
  })
})

/** A checkpoint whose lease another run holds. */
function busyWith(messageId: string, { clock }: MemoryCloud): object {
  return {
    schema: 'kissmetrics-importer/checkpoint/v1',
    watermark: { line: 0, byte: 0 },
    newest: 0,
    counts: {
      lines: { delivered: 0, rejected: 0, undeliverable: 0, blank: 0 },
      commands: { record: 0, set: 0, alias: 0 },
      rejectedBy: {},
      warnings: {},
    },
    isDone: false,
    bytes: 0,
    startedAt: new Date(clock.now()).toISOString(),
    invocations: 1,
    repeatsPossible: 0,
    leaseHolder: { run: 'other', messageId, serial: 1, until: clock.now() + 60_000 },
  }
}
