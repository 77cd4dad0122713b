import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Lambda, type LambdaOptions } from '../support/lambda-runtime/lambda.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-lambda-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** @param source of index.mjs */
async function lambdaOf(source: string, options: Partial<LambdaOptions> = {}): Promise<Lambda> {
  const bundleDir = await mkdtemp(path.join(folder, 'handler-'))
  await writeFile(path.join(bundleDir, 'index.mjs'), source)
  return Lambda.start({ bundleDir, env: {}, ...options })
}

/** The outcomes of invocations that are started together: the response, or the type of the error. */
async function outcomes(lambda: Lambda, ...events: readonly unknown[]): Promise<readonly unknown[]> {
  const settled = await Promise.allSettled(events.map((event) => lambda.invoke(event)))
  return settled.map((outcome) =>
    outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as { errorType: string }).errorType,
  )
}

describe('invocations that are started together run one after the other', () => {
  // prettier-ignore
  test.each([
    //  a handler that                     is                                                                               outcomes of 1, 2, 3
    [ 'returns',                           'let n = 0; export const handler = async (e) => [e, ++n]',                       [[1, 1], [2, 2], [3, 3]] ],
    [ 'throws at the second',              'let n = 0; export const handler = async (e) => { if (e === 2) throw new TypeError("x"); return [e, ++n] }', [[1, 1], 'TypeError', [3, 2]] ],
    [ 'exits at the second',               'let n = 0; export const handler = async (e) => e === 2 ? process.exit(3) : [e, ++n]', [[1, 1], 'Runtime.ExitError', [3, 1]] ],
    [ 'exits with 0 at the second',        'let n = 0; export const handler = async (e) => e === 2 ? process.exit() : [e, ++n]', [[1, 1], 'Runtime.ExitError', [3, 1]] ],
    [ 'is killed at the second',           'let n = 0; export const handler = async (e) => e === 2 ? process.kill(process.pid, "SIGKILL") && new Promise(() => 0) : [e, ++n]', [[1, 1], 'Runtime.ExitError', [3, 1]] ],
    [ 'returns nothing',                   'export const handler = async () => {}',                                         [null, null, null] ],
    [ 'cannot be loaded',                  'throw new Error("x")',                                                          ['Runtime.InitError', 'Runtime.InitError', 'Runtime.InitError'] ],
    [ 'is not there',                      'export const other = 1',                                                        ['Runtime.InitError', 'Runtime.InitError', 'Runtime.InitError'] ],
    [ 'exits while it loads',              'process.exit(3)',                                                               ['Runtime.ExitError', 'Runtime.ExitError', 'Runtime.ExitError'] ],
    [ 'exits with 0 while it loads',       'process.exit()',                                                                ['Runtime.ExitError', 'Runtime.ExitError', 'Runtime.ExitError'] ],
  ])('a handler that %s', async (_what, source, expected) => {
    await using lambda = await lambdaOf(source)
    expect(await outcomes(lambda, 1, 2, 3)).toEqual(expected)
  })
})

test('an invocation that never ends is killed at its timeout, and the next one gets a new sandbox', async () => {
  const source = 'let n = 0; export const handler = (e) => e === "hang" ? new Promise(() => setInterval(() => 0)) : [++n]'
  await using lambda = await lambdaOf(source, { timeoutMs: 5_000 }) // on a busy computer, the others need some of it
  expect(await outcomes(lambda, 'go', 'hang', 'go')).toEqual([[1], 'Sandbox.Timedout', [1]])
})

test('an invocation that blocks the event loop is killed at its timeout', async () => {
  await using lambda = await lambdaOf('export const handler = () => { for (;;); }', { timeoutMs: 300 })
  await expect(lambda.invoke({})).rejects.toThrow('Task timed out after 0.3 seconds')
})

test('a bundle that never finishes loading is killed', async () => {
  await using lambda = await lambdaOf('await new Promise(() => setInterval(() => 0)); export const handler = () => 0', {
    initTimeoutMs: 500,
  })
  expect(await outcomes(lambda, 1, 2)).toEqual(['Sandbox.Timedout', 'Sandbox.Timedout'])
})

test('an invocation that needs more heap than there is fails', async () => {
  const source = 'export const handler = () => { const all = []; for (;;) all.push(new Array(1e5).fill({})) }'
  await using lambda = await lambdaOf(source, { memoryMb: 64 })
  expect(await outcomes(lambda, 1)).toEqual(['Runtime.ExitError'])
})

test('stopping rejects all pending invocations and keeps the logs', async () => {
  const lambda = await lambdaOf(
    'export const handler = () => { console.log("on"); return new Promise(() => setInterval(() => 0)) }',
  )
  const both = outcomes(lambda, 1, 2)
  while (!lambda.logs.includes('on')) await new Promise((resolve) => setTimeout(resolve, 5))
  await lambda[Symbol.asyncDispose]()
  expect(await both).toEqual(['Runtime.ExitError', 'Sandbox.Failure'])
  expect(lambda.logs).toContain('on')
})

test('a handler gets what Lambda provides, and nothing from this computer', async () => {
  const source = `export const handler = async (event, context) => {
    return { event, left: context.getRemainingTimeInMillis(), name: context.functionName, memory: context.memoryLimitInMB, env: Object.keys(process.env) }
  }`
  process.env.KM_OF_THIS_COMPUTER = 'yes'
  await using lambda = await lambdaOf(source, { env: { KM_OWN: '1' }, timeoutMs: 20_000, memoryMb: 256 })
  const event = { text: 'é\u2028🎉', list: [1, null, true] }
  const answer = (await lambda.invoke(event)) as { left: number; env: string[] }
  expect(answer).toMatchObject({ event, name: 'importer', memory: '256' })
  expect(answer.left).toBeGreaterThan(0)
  expect(answer.left).toBeLessThanOrEqual(20_000)
  expect(answer.env).toContain('KM_OWN')
  expect(answer.env).not.toContain('KM_OF_THIS_COMPUTER')
})

test('everything that was logged before the response is available with it', async () => {
  await using lambda = await lambdaOf(
    'export const handler = async (e) => { for (let i = 0; i < 2000; i++) console.log(`é ${e} ${i} ends`) }',
  )
  for (let round = 1; round <= 5; round += 1) {
    await lambda.invoke(round)
    expect(lambda.logs.match(/é \d+ \d+ ends/g)).toHaveLength(round * 2_000)
  }
})

// prettier-ignore
test.each([
  //  a response of   characters      is
  [ 'at most 6 MB',   6_291_454,      'accepted' ],
  [ 'one byte more',  6_291_455,      'Function.ResponseSizeTooLarge' ],
])('%s', async (_what, characters, outcome) => {
  await using lambda = await lambdaOf('export const handler = async (e) => "x".repeat(e)')
  const [answer] = await outcomes(lambda, characters)
  expect(typeof answer === 'string' && answer.length === characters ? 'accepted' : answer).toBe(outcome)
})
