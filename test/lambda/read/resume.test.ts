import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { SetupError } from '../../../lambda/errors.ts'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { resuming } from '../../../lambda/read/resume.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { ScriptedFiles, type Turn } from './scripted-files.ts'
import type { ByteRange, OpenFile } from '../../../lambda/ports.ts'

const FILE: SourceFile = { bucket: 'b', key: 'incoming/a.json' }
const OBJECT = Buffer.from(Array.from({ length: 100 }, (_, index) => index))

const cutAfter = (bytes: number): Turn => ({ kind: 'body', bytes, then: 'break' })
const endsAfter = (bytes: number): Turn => ({ kind: 'body', bytes, then: 'end' })
const refused = (error = new Error('Please reduce your request rate.')): Turn => ({ kind: 'refused', error })
const times = (count: number, what: Turn): readonly Turn[] => Array.from({ length: count }, () => what)

async function open(files: ScriptedFiles, range?: ByteRange, file = FILE, clock = new VirtualClock()): Promise<OpenFile> {
  const opened = await resuming(files, clock).open(file, range)
  if (opened.kind !== 'open') throw new Error(`not open, but ${opened.kind}`)
  return opened
}

/** Reads the body to its end. @returns the bytes, and the error if there was one */
async function read({ body }: OpenFile): Promise<{ bytes: Buffer; error: unknown }> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk)
    return { bytes: Buffer.concat(chunks), error: undefined }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error }
  }
}

describe('a body that breaks off or ends early is continued from the byte that was reached', () => {
  // prettier-ignore
  test.each<[string, readonly Turn[], readonly number[]]>([
    //  the body                                the script                                                  requests start at
    [ 'is complete',                            [],                                                         [0] ],
    [ 'breaks before its first byte',           [cutAfter(0)],                                              [0, 0] ],
    [ 'breaks in the middle',                   [cutAfter(50)],                                             [0, 50] ],
    [ 'breaks before its last byte',            [cutAfter(99)],                                             [0, 99] ],
    [ 'breaks after its last byte',             [cutAfter(100)],                                            [0] ],
    [ 'ends before its first byte',             [endsAfter(0)],                                             [0, 0] ],
    [ 'ends early',                             [endsAfter(50)],                                            [0, 50] ],
    [ 'breaks, ends and breaks',                [cutAfter(10), endsAfter(20), cutAfter(30)],                [0, 10, 30, 60] ],
    [ 'is longer than the object',              [cutAfter(101)],                                            [0] ],
    [ 'is much longer than the object',         [cutAfter(1_000)],                                          [0] ],
    [ 'is longer than the object, and stalls',  [{ kind: 'body', bytes: 101, then: 'stall' }],              [0] ],
    [ 'breaks; the next requests fail',         [cutAfter(50), refused(), refused()],                       [0, 50, 50, 50] ],
    [ 'breaks; the next one is too long',       [cutAfter(50), cutAfter(60)],                               [0, 50] ],
  ])('%s', async (_what, turns, starts) => {
    const files = new ScriptedFiles(OBJECT, turns)
    expect(await read(await open(files))).toEqual({ bytes: OBJECT, error: undefined })
    expect(files.starts).toEqual(starts)
    expect(files.bodies.every(({ destroyed }) => destroyed)).toBe(true)
  })

  test('after any number of bytes, for a break and for an early end', async () => {
    for (let bytes = 0; bytes < OBJECT.length; bytes += 1) {
      for (const broken of [cutAfter(bytes), endsAfter(bytes)]) {
        const files = new ScriptedFiles(OBJECT, [broken])
        expect(await read(await open(files))).toEqual({ bytes: OBJECT, error: undefined })
        expect(files.starts).toEqual([0, bytes])
      }
    }
  })
})

describe('a body delivers exactly the requested range', () => {
  // prettier-ignore
  test.each<[string, ByteRange, number, number]>([
    //  the range is                    range                           from    to
    [ 'in the middle',                  { start: 20, end: 60 },         20,     60 ],
    [ 'without an end',                 { start: 20 },                  20,     100 ],
    [ 'that ends beyond the object',    { start: 20, end: 101 },        20,     100 ],
    [ 'empty',                          { start: 20, end: 20 },         20,     20 ],
    [ 'at the end',                     { start: 100 },                 100,    100 ],
    [ 'beyond the end',                 { start: 101, end: 110 },       101,    101 ],
  ])('%s', async (_what, range, from, to) => {
    for (const turns of [[], [cutAfter(1), endsAfter(2)], [cutAfter(80)]]) {
      const opened = await open(new ScriptedFiles(OBJECT, turns), range)
      expect(opened.bytes).toBe(100)
      expect(await read(opened)).toEqual({ bytes: OBJECT.subarray(from, to), error: undefined })
    }
  })

  test('and each request asks for the range up to its end', async () => {
    const files = new ScriptedFiles(OBJECT, [cutAfter(10)])
    await read(await open(files, { start: 20, end: 60 }))
    expect(files.openings.map(({ range }) => range)).toEqual([
      { start: 20, end: 60 },
      { start: 30, end: 60 },
    ])
  })
})

describe('every request is for the object that was opened first', () => {
  // prettier-ignore
  test.each<[string, Partial<SourceFile>, Partial<SourceFile>]>([
    //  the message contained   these                                   the next request
    [ 'version and ETag',       { versionId: 'v1', etag: 'e1' },        { versionId: 'v1', etag: 'e1' } ],
    [ 'the version',            { versionId: 'v1' },                    { versionId: 'v1', etag: '"first"' } ],
    [ 'the ETag',               { etag: 'e1' },                         { etag: 'e1' } ],
    [ 'neither',                {},                                     { etag: '"first"' } ],
  ])('if the message contained %s', async (_what, named, pin) => {
    const files = new ScriptedFiles(OBJECT, [cutAfter(1)])
    await read(await open(files, undefined, { ...FILE, ...named }))
    expect(files.openings.map(({ file }) => file)).toEqual([
      { ...FILE, ...named },
      { ...FILE, ...pin },
    ])
  })

  test.each(['gone', 'superseded', 'locked'] as const)('an object that is %s in the meantime is an error', async (kind) => {
    const files = new ScriptedFiles(OBJECT, [cutAfter(50), { kind }])
    const { bytes, error } = await read(await open(files))
    expect(error).toMatchObject({ name: 'VanishedFile', state: kind })
    expect(bytes).toEqual(OBJECT.subarray(0, 50))
    expect(files.openings).toHaveLength(2)
  })

  test.each(['gone', 'superseded', 'locked'] as const)('an object that is %s from the start is a result', async (kind) => {
    const files = new ScriptedFiles(OBJECT, [{ kind }])
    expect(await resuming(files, new VirtualClock()).open(FILE)).toEqual({ kind })
    expect(files.openings).toHaveLength(1)
  })
})

describe('retries are limited', () => {
  test('after five requests in a row without a byte, the last error is thrown', async () => {
    const files = new ScriptedFiles(OBJECT, [cutAfter(50), ...times(4, endsAfter(0)), cutAfter(0), endsAfter(50)])
    const { bytes, error } = await read(await open(files))
    expect(error).toMatchObject({ message: 'aborted', code: 'ECONNRESET' })
    expect(bytes).toEqual(OBJECT.subarray(0, 50))
    expect(files.starts).toEqual([0, 50, 50, 50, 50, 50])
  })

  test('the error for an early end contains the position', async () => {
    const { error } = await read(await open(new ScriptedFiles(OBJECT, [endsAfter(50), ...times(5, endsAfter(0))])))
    expect(error).toMatchObject({ message: 'S3 sent too few bytes: the body ended at byte 50 instead of 100' })
  })

  test('a single byte resets the count', async () => {
    const slow = OBJECT.subarray(0, 10)
    const turns = Array.from(slow, () => [endsAfter(1), ...times(4, cutAfter(0))]).flat()
    const files = new ScriptedFiles(slow, turns.slice(0, -4))
    expect(await read(await open(files))).toEqual({ bytes: slow, error: undefined })
    expect(files.openings).toHaveLength(46)
  })

  test('opening is tried five times, the first time and later', async () => {
    const busy = new Error('the fifth time')
    await expect(open(new ScriptedFiles(OBJECT, times(4, refused())))).resolves.toMatchObject({ bytes: 100 })
    await expect(open(new ScriptedFiles(OBJECT, [...times(4, refused()), refused(busy), endsAfter(100)]))).rejects.toBe(busy)

    const again = new ScriptedFiles(OBJECT, [cutAfter(50), ...times(4, refused()), refused(busy), endsAfter(50)])
    expect(await read(await open(again))).toEqual({ bytes: OBJECT.subarray(0, 50), error: busy })
  })

  test('a SetupError is not retried', async () => {
    const setup = new SetupError('The importer is not allowed to read it.')
    const first = new ScriptedFiles(OBJECT, [refused(setup)])
    await expect(open(first)).rejects.toBe(setup)
    expect(first.openings).toHaveLength(1)

    const later = new ScriptedFiles(OBJECT, [cutAfter(50), refused(setup)])
    expect((await read(await open(later))).error).toBe(setup)
    expect(later.openings).toHaveLength(2)
  })
})

describe('pauses have full jitter: from zero up to a ceiling that doubles', () => {
  async function pausesOf(turns: readonly Turn[], chance: number): Promise<readonly number[]> {
    const pauses: number[] = []
    const clock = { chance: () => chance, sleep: (ms: number) => Promise.resolve(void pauses.push(ms)) }
    const opened = await resuming(new ScriptedFiles(OBJECT, turns), clock)
      .open(FILE)
      .catch(() => undefined)
    if (opened?.kind === 'open') await read(opened)
    return pauses
  }

  // prettier-ignore
  test.each<[string, readonly Turn[], number, readonly number[]]>([
    //  between                         the script                                          chance  pauses in ms
    [ 'resumes',                       [cutAfter(50), ...times(5, cutAfter(0))],           1,      [400, 800, 1_600, 3_200, 5_000] ],
    [ 'resumes, with chance 0.5',      [cutAfter(50), ...times(5, cutAfter(0))],           0.5,    [200, 400, 800, 1_600, 2_500] ],
    [ 'resumes, with chance 0',        [cutAfter(50), cutAfter(0)],                        0,      [0, 0] ],
    [ 'resumes that bring bytes',      [cutAfter(10), cutAfter(10), cutAfter(10)],         1,      [400, 400, 400] ],
    [ 'attempts to open it first',     times(5, refused()),                                1,      [400, 800, 1_600, 3_200] ],
    [ 'attempts to open it later',     [cutAfter(50), refused(), refused()],               1,      [400, 400, 800] ],
  ])('between %s', async (_where, turns, chance, pauses) => {
    expect(await pausesOf(turns, chance)).toEqual(pauses)
  })
})

describe('closing the body closes the inner body', () => {
  const stalled: Turn = { kind: 'body', bytes: 50, then: 'stall' }
  const closed = (opened: OpenFile): Promise<unknown> => new Promise((resolve) => opened.body.once('close', resolve))

  test('before it is read', async () => {
    const files = new ScriptedFiles(OBJECT)
    const opened = await open(files)
    opened.body.destroy()
    await closed(opened)
    expect(files.bodies.map(({ destroyed }) => destroyed)).toEqual([true])
  })

  test('with an error, before it is read: the process continues, and the reader gets the error', async () => {
    const opened = await open(new ScriptedFiles(OBJECT))
    opened.body.destroy(new Error('time is up'))
    await turn()
    expect(await read(opened)).toMatchObject({ error: { message: 'time is up' } })
  })

  test('while it is read', async () => {
    const files = new ScriptedFiles(OBJECT)
    for await (const _chunk of (await open(files)).body) break
    expect(files.bodies.map(({ destroyed }) => destroyed)).toEqual([true])
    expect(files.openings).toHaveLength(1)
  })

  test('while it stalls', async () => {
    const files = new ScriptedFiles(OBJECT, [stalled])
    const opened = await open(files)
    opened.body.resume()
    await turn()
    opened.body.destroy()
    await closed(opened)
    expect(files.bodies.map(({ destroyed }) => destroyed)).toEqual([true])
  })

  // A clock that sleeps until it is aborted. If closing did not end the pause, these tests would hang.
  function endlessSleeper() {
    const woken: Promise<void>[] = []
    const sleep = (_ms: number, signal: AbortSignal): Promise<void> => {
      const slept = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          resolve()
        })
      })
      woken.push(slept)
      return slept
    }
    return { woken, clock: { chance: () => 0.5, sleep } }
  }

  // prettier-ignore
  test.each<[string, readonly Turn[], number]>([
    //  the pause                               the script                      requests
    [ 'after a break',                          [cutAfter(50)],                 1 ],
    [ 'after an early end',                     [endsAfter(50)],                1 ],
  ])('in the pause %s: the pause ends, and nothing is opened again', async (_where, turns, openings) => {
    const files = new ScriptedFiles(OBJECT, turns)
    const { woken, clock } = endlessSleeper()
    const opened = await resuming(files, clock).open(FILE)
    if (opened.kind !== 'open') throw new Error('not open')
    opened.body.resume()
    while (woken.length === 0) await turn()
    opened.body.destroy()
    await closed(opened)
    await Promise.all(woken)
    await turn()
    expect(files.openings).toHaveLength(openings)
    expect(woken).toHaveLength(1)
  })

  test('in the pause between two attempts to open the object', async () => {
    const files = new ScriptedFiles(OBJECT, [cutAfter(50), refused(), endsAfter(50)])
    const { woken, clock } = endlessSleeper()
    let pauses = 0
    const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
      (pauses += 1) === 1 ? Promise.resolve() : clock.sleep(ms, signal)
    const opened = await resuming(files, { ...clock, sleep }).open(FILE)
    if (opened.kind !== 'open') throw new Error('not open')
    opened.body.resume()
    while (woken.length === 0) await turn()
    opened.body.destroy()
    await closed(opened)
    await Promise.all(woken)
    await turn()
    expect(files.openings).toHaveLength(2)
  })

  test('while it is being opened again: the new body is closed immediately', async () => {
    const files = new ScriptedFiles(OBJECT, [cutAfter(50), stalled])
    const opened = await open(files)
    files.beforeOpening = async () => {
      opened.body.destroy()
      await turn()
    }
    opened.body.resume()
    while (files.bodies.length < 2) await turn()
    await turn()
    expect(files.bodies.map(({ destroyed }) => destroyed)).toEqual([true, true])
    expect(files.openings).toHaveLength(2)
  })
})

test('if the inner body fails before it is read, it is opened again', async () => {
  const files = new ScriptedFiles(OBJECT, [], 7)
  const opened = await open(files)
  files.bodies[0]?.destroy(new Error('reset'))
  await turn()
  expect(await read(opened)).toEqual({ bytes: OBJECT, error: undefined })
  expect(files.starts).toEqual([0, 0])
})

test('it reads at most one chunk ahead', async () => {
  const files = new ScriptedFiles(OBJECT, [], 10)
  const { body } = await open(files)
  const chunks = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  await chunks.next()
  for (let count = 0; count < 100; count += 1) await turn()
  // One that was requested, one that waits here, and one that waits in the socket.
  expect(files.delivered).toBeLessThanOrEqual(30)
  body.destroy()
})

describe('for any sequence of failures: exactly the requested bytes, or a justified error', () => {
  const fault = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('body' as const), bytes: fc.nat(12), then: fc.constantFrom('end', 'break') }),
    },
    { weight: 5, arbitrary: fc.constant<Turn>({ kind: 'body', bytes: 0, then: 'break' }) },
    { weight: 4, arbitrary: fc.constant<Turn>({ kind: 'refused', error: new Error('busy') }) },
    { weight: 1, arbitrary: fc.constantFrom<Turn>({ kind: 'gone' }, { kind: 'superseded' }, { kind: 'locked' }) },
    { weight: 1, arbitrary: fc.constant<Turn>({ kind: 'refused', error: new SetupError('denied') }) },
  ) as fc.Arbitrary<Turn>

  const runs = fc
    .array(fc.tuple(fault, fc.integer({ min: 1, max: 6 })), { maxLength: 8 })
    .map((faults) => faults.flatMap(([turn, count]) => times(count, turn)))

  test('with any chunking and range', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        runs,
        fc.integer({ min: 1, max: 9 }),
        fc.record({ start: fc.nat(60), end: fc.option(fc.nat(70), { nil: undefined }) }),
        fc.nat(),
        async (turns, chunkBytes, { start, end }, seed) => {
          const object = OBJECT.subarray(0, 60)
          const wanted = object.subarray(start, end)
          const files = new ScriptedFiles(object, turns, chunkBytes)
          const range = { start, ...(end !== undefined && { end }) }
          const opened = await resuming(files, new VirtualClock(seed))
            .open(FILE, range)
            .catch((error: unknown) => error as Error)
          const last = turns[files.openings.length - 1]
          if (opened instanceof Error || opened.kind !== 'open') {
            expect(files.starts).toEqual(files.openings.map(() => start))
            if (opened instanceof Error) expect(last).toEqual({ kind: 'refused', error: opened })
            else expect(last).toEqual(opened)
            seen.add(opened instanceof Error ? `first ${opened.name}` : 'absent')
            return
          }
          const { bytes, error } = await read(opened)
          expect(bytes).toEqual(wanted.subarray(0, bytes.length))
          expect(files.starts.every((at, index) => at >= (files.starts[index - 1] ?? start))).toBe(true)
          expect(files.bodies.every(({ destroyed }) => destroyed)).toBe(true)
          if (error === undefined) expect(bytes).toHaveLength(wanted.length)
          else expect(isJustified(error, turns.slice(0, files.openings.length), files.starts)).toBe(true)
          seen.add(error === undefined ? 'whole' : (error as Error).name)
        },
      ),
      { numRuns: 1_000 },
    )
    expect([...seen].toSorted()).toEqual([
      'Error',
      'SetupError',
      'VanishedFile',
      'absent',
      'first Error',
      'first SetupError',
      'whole',
    ])
  })

  /** An absence or SetupError is an error at once; any other failure only after five requests from the same byte. */
  function isJustified(error: unknown, turns: readonly Turn[], starts: readonly number[]): boolean {
    const last = turns.at(-1)
    if (last?.kind === 'body' || (last?.kind === 'refused' && !(last.error instanceof SetupError)))
      return new Set(starts.slice(-5)).size === 1 && starts.length > 5
    return last?.kind === 'refused' ? error === last.error : (error as { state?: unknown }).state === last?.kind
  }
})
