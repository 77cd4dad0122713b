import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bundleFunction } from '../../bin/function-bundle.ts'
import { checkpointKey, reportKey } from '../../lambda/keys.ts'
import { doneLines, type Checkpoint } from '../../lambda/settle/checkpoint.ts'
import type { Report } from '../../lambda/report/report.ts'
import { Artifact, s3Event, type Uploaded } from '../support/artifact.ts'
import { startFaultSink, TAKEN, type Behaviour, type SeenRequest } from '../support/fault-sink.ts'
import { eventually } from '../support/installation.ts'
import type { Lambda } from '../support/lambda-runtime/lambda.ts'
import { Wire } from '../support/wire.ts'

const IN_FLIGHT = 4
/** docs/guarantees.md: how many lines one kill may repeat. */
const MAX_REPEATS = (48 + 40) * IN_FLIGHT
const SETTINGS = { KM_MAX_IN_FLIGHT: String(IN_FLIGHT), KM_CHECKPOINT_SECONDS: '1', POWERTOOLS_LOG_LEVEL: 'INFO' }

const linesOf = (count: number): string =>
  Array.from({ length: count }, (_, n) => `{"_p":"p${n + 1}","_t":1393344604,"_n":"Signed Up"}`).join('\n')

let artifact: Artifact
beforeAll(async () => {
  artifact = await Artifact.start(async (folder) => {
    await bundleFunction(folder) // artifact.test.ts shows that the stack deploys the same
    return folder
  })
})
afterAll(async () => {
  await artifact[Symbol.asyncDispose]()
})

async function deliver(lambda: Lambda, file: Uploaded): Promise<Report> {
  expect(await lambda.invoke(artifact.fromQueue(s3Event(file)))).toEqual({ batchItemFailures: [] })
  return (await artifact.read(reportKey(file))) as Report
}

/** How often each line was accepted more than once, in all. */
function repeatsIn(taken: ReadonlyMap<string, number>): number {
  return [...taken.values()].reduce((sum, times) => sum + times - 1, 0)
}

/** An endpoint that accepts `count` requests and then answers none, until it is released. */
function stallingAfter(count: number) {
  let seen = 0
  let isStalling = true
  const behave = (_request: SeenRequest): Behaviour => {
    seen += 1
    return isStalling && seen > count ? { kind: 'stall' } : TAKEN
  }
  return { behave, release: () => (isStalling = false) }
}

/** Fills the heap when it gets the signal. */
const HEAP_FILLER = `process.on('SIGUSR2',()=>{const all=[];for(;;)all.push(new Array(1e5).fill({}))})`
const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(HEAP_FILLER)}`

/** Another sandbox, when the lease of the killed one has ended. Its clock takes away from the time that an invocation has. */
function laterSandbox(endpoint: string): Promise<Lambda> {
  const preload = path.join(import.meta.dirname, '..', 'support', 'clock-ahead.ts')
  return artifact.lambda(
    endpoint,
    { ...SETTINGS, NODE_OPTIONS: `--import=${preload}`, KM_AHEAD_MS: '10000' },
    { timeoutMs: 90_000 },
  )
}

describe('a function that dies in the middle of a file', () => {
  // prettier-ignore
  test.each([
    //  because              dies                                                    error of Lambda
    [ 'its time is over',    (lambda: Lambda) => { lambda.timeOut() },               'Sandbox.Timedout' ],
    [ 'its memory is full',  (lambda: Lambda) => { lambda.signal('SIGUSR2') },       'Runtime.ExitError' ],
  ])('because %s continues exactly at its last checkpoint', async (_why, die, errorType) => {
    const endpoint = stallingAfter(100)
    await using sink = await startFaultSink(endpoint.behave)
    await using lambda = await artifact.lambda(sink.url, { ...SETTINGS, NODE_OPTIONS }, { memoryMb: 128, timeoutMs: 90_000 })
    const file = await artifact.put(`${errorType}.json`, linesOf(300))
    const first = lambda.invoke(artifact.fromQueue(s3Event(file)))
    await eventually('a checkpoint of all accepted lines', async () => {
      const checkpoint = (await artifact.read(checkpointKey(file, 1))) as Checkpoint | undefined
      return checkpoint !== undefined && doneLines(checkpoint) === 100 ? true : undefined
    })
    die(lambda)
    await expect(first).rejects.toMatchObject({ errorType })
    const accepted = sink.taken.size

    endpoint.release()
    await using later = await laterSandbox(sink.url)
    expect(await deliver(later, file)).toMatchObject({ state: 'complete', lines: { total: 300, delivered: 300 }, invocations: 2 })
    expect(accepted).toBe(100)
    expect(sink.taken.size).toBe(300)
    expect(repeatsIn(sink.taken)).toBe(0)
  })

  test('at full speed repeats no more lines than its report says, and no more than is promised', async () => {
    const die = Promise.withResolvers<undefined>()
    await using sink = await startFaultSink(() => {
      if (sink.seen.length === 1_000) die.resolve(undefined)
      return TAKEN
    })
    await using lambda = await artifact.lambda(sink.url, SETTINGS)
    const file = await artifact.put('fast.json', linesOf(3_000))
    const first = lambda.invoke(artifact.fromQueue(s3Event(file)))
    await die.promise
    lambda.timeOut()
    await expect(first).rejects.toMatchObject({ errorType: 'Sandbox.Timedout' })

    await using later = await laterSandbox(sink.url)
    const report = await deliver(later, file)
    expect(report).toMatchObject({ state: 'complete', lines: { total: 3_000, delivered: 3_000 }, invocations: 2 })
    expect(sink.taken.size).toBe(3_000)
    expect(repeatsIn(sink.taken)).toBeLessThanOrEqual(Math.min(report.repeatsPossible, MAX_REPEATS))
  })
})

describe('a function that was frozen for longer than its connections live', () => {
  /** Networks to S3, SQS and the endpoint. */
  async function network(endpoint: string, cleanup: AsyncDisposableStack) {
    const [s3, sqs, sink] = await Promise.all(
      [artifact.services.s3Url, artifact.services.sqsUrl, endpoint].map((url) => Wire.to(url)),
    )
    for (const wire of [s3, sqs, sink]) cleanup.use(wire)
    const { sqsUrl, importQueueUrl } = artifact.services
    const env = { AWS_ENDPOINT_URL_S3: s3!.url, KM_IMPORT_QUEUE_URL: importQueueUrl.replace(sqsUrl, sqs!.url) }
    const lambda = cleanup.use(await artifact.lambda(sink!.url, { ...SETTINGS, ...env }))
    return { lambda, wires: [s3!, sqs!, sink!] }
  }

  test('between two invocations imports the next file, with each line once', async () => {
    await using cleanup = new AsyncDisposableStack()
    const sink = cleanup.use(await startFaultSink())
    const { lambda, wires } = await network(sink.url, cleanup)
    await deliver(lambda, await artifact.put('before.json', linesOf(20)))
    lambda.signal('SIGSTOP')
    for (const wire of wires) expect(wire.drop()).toBeGreaterThan(0)
    const file = await artifact.put('after.json', linesOf(200))
    const report = deliver(lambda, file)
    lambda.signal('SIGCONT')
    expect(await report).toMatchObject({ state: 'complete', lines: { total: 200, delivered: 200 }, invocations: 1 })
    expect(sink.taken.size).toBe(200) // the lines of the first file are among them
    expect(repeatsIn(sink.taken)).toBe(20)
  })

  test('in the middle of a file loses no line, and counts what it may have repeated', async () => {
    await using cleanup = new AsyncDisposableStack()
    const isReached = Promise.withResolvers<undefined>()
    const sink = cleanup.use(
      await startFaultSink(() => {
        if (sink.seen.length === 100) isReached.resolve(undefined)
        return TAKEN
      }),
    )
    const { lambda, wires } = await network(sink.url, cleanup)
    const file = await artifact.put('middle.json', linesOf(3_000))
    const report = deliver(lambda, file)
    await isReached.promise
    lambda.signal('SIGSTOP')
    for (const wire of wires) wire.drop()
    lambda.signal('SIGCONT')
    const { state, lines, repeatsPossible } = await report
    expect({ state, lines }).toMatchObject({ state: 'complete', lines: { total: 3_000, delivered: 3_000 } })
    expect(sink.taken.size).toBe(3_000)
    expect(repeatsIn(sink.taken)).toBeLessThanOrEqual(Math.min(repeatsPossible, IN_FLIGHT))
  })
})
