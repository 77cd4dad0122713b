import { S3ServiceException } from '@aws-sdk/client-s3'
import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager'
import { QueueDoesNotExist } from '@aws-sdk/client-sqs'
import { asSetupError } from '../../../lambda/adapters/aws-errors.ts'
import { asError } from '../../../lambda/errors.ts'
import type { Ports } from '../../../lambda/ports.ts'
import { ACCEPTED, BAD_LINE, DOWN, goodLine } from '../../support/memory-cloud.ts'
import type { Installation } from './installation.ts'

/** An alarm is red for the whole of a time, from and to an hour since the start. It may be late by some minutes at either end. */
export interface Expected {
  readonly from: number
  readonly to: number
  readonly lateMinutes: number
  /** How much longer than that it may be red. */
  readonly lingersMinutes: number
}

export interface Scenario {
  readonly name: string
  readonly days: number
  /** Settings of the stack. */
  readonly settings?: Readonly<Record<string, unknown>>
  readonly script: (at: Installation) => readonly (readonly [atHour: number, act: () => void])[]
  /** Every other alarm is never red. */
  readonly red: Readonly<Record<string, readonly Expected[]>>
}

function red(from: number, to: number, { lateMinutes = 5, lingersMinutes = 45 } = {}): Expected {
  return { from, to, lateMinutes, lingersMinutes }
}

/** Something happened at this time: the alarm is red for about an hour. */
function noticed(at: number, extra: Partial<Expected> = {}): Expected {
  return { ...red(at + 0.2, at + 0.9, { lateMinutes: 0, lingersMinutes: 40 }), ...extra }
}

const lines = (count: number, bad = 0) => Array.from({ length: count }, (_, index) => (index < bad ? BAD_LINE : goodLine(index)))

/** A file each hour, of which one line in a hundred is bad. */
const normalFiles = (at: Installation, fromHour: number, toHour: number) =>
  Array.from({ length: toHour - fromHour }, (_, index) => {
    const hour = fromHour + index
    return [hour + 0.5, () => { at.upload(`normal-${hour}.json`, ...lines(100, 1)) }] as const // prettier-ignore
  })

const DOWN_FROM = 3
const DOWN_TO = 27

const outage = (at: Installation) =>
  [
    [DOWN_FROM, () => { at.cloud.answer = () => DOWN }],
    [DOWN_TO, () => { at.cloud.answer = () => ACCEPTED }],
  ] as const // prettier-ignore

/** Calls of a port that fail from one hour to another. */
const failing = (at: Installation, from: number, to: number, fail: (ports: Ports) => Ports) =>
  [
    [from, () => { at.adapt = fail }],
    [to, () => { at.adapt = (ports) => ports }],
  ] as const // prettier-ignore

const rejecting = (error: Error, action: string) => () => Promise.reject(asError(asSetupError(error, action)))
const FROM_SERVICE = { $fault: 'client', $metadata: {}, message: 'x' } as const
const keyDisabled = new S3ServiceException({ ...FROM_SERVICE, name: 'KMS.DisabledException' })
const secretDenied = new SecretsManagerServiceException({ ...FROM_SERVICE, name: 'AccessDeniedException' })
const queueMissing = new QueueDoesNotExist(FROM_SERVICE)

/** A setup that is wrong for ten hours, with a file that waits. */
const wrongSetup = (name: string, fail: (ports: Ports) => Ports, alsoRed: Scenario['red'] = {}): Scenario => ({
  name,
  days: 1,
  script: (at) => [...failing(at, 2, 12, fail), [2.5, () => { at.upload('a.json', ...lines(100, 1)) }]], // prettier-ignore
  red: { ...alsoRed, SetupWrong: [red(2.5, 12)], WorkWaits: [red(8.5, 12, { lateMinutes: 20, lingersMinutes: 60 })] },
})

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a normal day, with 1 % rejected lines that a person fixes the next morning',
    days: 2,
    script: (at) => [
      ...normalFiles(at, 0, 47),
      [24, () => { at.emptyDeadLetterQueue() }],
    ], // prettier-ignore
    red: {},
  },
  {
    name: 'the endpoint is down for 24 hours, and one file waits',
    days: 2,
    script: (at) => [...normalFiles(at, 0, 2), ...outage(at), [3.1, () => { at.upload('a.json', ...lines(10)) }]], // prettier-ignore
    red: {
      EndpointDown: [red(3.1, DOWN_TO, { lateMinutes: 25, lingersMinutes: 25 })],
      WorkWaits: [red(9.1, DOWN_TO, { lateMinutes: 20, lingersMinutes: 80 })],
    },
  },
  {
    name: 'the endpoint is down for 24 hours, and thirty files wait',
    days: 2,
    script: (at) => [
      ...outage(at),
      ...Array.from({ length: 30 }, (_, index) => [2.9 + index * 0.7, () => { at.upload(`${index}.json`, ...lines(3)) }] as const),
    ], // prettier-ignore
    red: {
      EndpointDown: [red(3.6, DOWN_TO, { lateMinutes: 25, lingersMinutes: 25 })],
      WorkWaits: [red(9.7, DOWN_TO, { lateMinutes: 30, lingersMinutes: 80 })],
    },
  },
  {
    name: 'the endpoint is down for three minutes',
    days: 1,
    script: (at) => [
      [2, () => { at.cloud.answer = () => DOWN }],
      [2, () => { at.upload('a.json', ...lines(10)) }],
      [2.05, () => { at.cloud.answer = () => ACCEPTED }],
    ], // prettier-ignore
    red: {},
  },
  {
    name: 'the API key is wrong for ten hours',
    days: 1,
    script: (at) => [
      [2, () => { at.cloud.answer = () => ({ kind: 'status', status: 401 }) }],
      [2.5, () => { at.upload('a.json', ...lines(20)) }],
      [12, () => { at.cloud.answer = () => ACCEPTED }],
    ], // prettier-ignore
    red: { SetupWrong: [red(2.5, 12)], WorkWaits: [red(8.5, 12, { lateMinutes: 20, lingersMinutes: 60 })] },
  },
  wrongSetup('the secret may not be read for ten hours', (ports) => ({
    ...ports,
    apiKey: rejecting(secretDenied, 'read the secret'),
  })),
  wrongSetup('the KMS key is disabled for ten hours: no object can be read or written', (ports) => ({
    ...ports,
    files: { open: rejecting(keyDisabled, 'read the file') },
    checkpoints: { ...ports.checkpoints, put: rejecting(keyDisabled, 'write the checkpoint') },
  })),
  wrongSetup(
    'the dead-letter queue is missing for ten hours',
    (ports) => ({ ...ports, deadLetters: { sendBatch: rejecting(queueMissing, 'send dead letters') } }),
    { LinesRejected: [noticed(12)] }, // the rejected line is all that is left of the file
  ),
  {
    name: 'a bug throws for one file, until its message becomes a dead letter',
    days: 1,
    script: (at) => [
      [2, () => {
        at.adapt = (ports) => ({ ...ports, files: { open: () => Promise.reject(new TypeError('x is not a function')) } })
        at.upload('a.json', ...lines(10))
      }],
      [3, () => { at.adapt = (ports) => ports }],
      ...normalFiles(at, 3, 20),
    ], // prettier-ignore
    red: { ImportCrashes: [red(2, 2.2, { lingersMinutes: 80 })] },
  },
  {
    name: 'the function dies for half an hour',
    days: 1,
    script: (at) => [
      [2, () => { at.isDying = true }],
      [2, () => { at.upload('a.json', ...lines(10)) }],
      [2.5, () => { at.isDying = false }],
    ], // prettier-ignore
    red: { FunctionFails: [red(2, 2.2, { lingersMinutes: 80 })] },
  },
  {
    name: 'a bad file on the first day and one on the second; nobody fixes the first for four days',
    days: 7,
    script: (at) => [
      [2, () => { at.upload('first.json', ...lines(50, 10)) }],
      [26, () => { at.upload('second.json', ...lines(50, 10)) }],
      [100, () => { at.emptyDeadLetterQueue() }],
    ], // prettier-ignore
    red: {
      LinesRejected: [noticed(2), noticed(26)],
      // The daily job sees at hour 74.4 that they are too old, and at 122.4 that they are gone.
      DeadLettersOld: [red(74.5, 100, { lingersMinutes: 24 * 60 })],
    },
  },
  {
    name: 'a file that is not JSON lines',
    days: 1,
    script: (at) => [[2, () => { at.upload('table.json', ...Array.from({ length: 20 }, () => 'name,value')) }]], // prettier-ignore
    red: { FileRejected: [noticed(2)] },
  },
  {
    name: 'an event of S3 is lost; the daily search finds its file',
    days: 3,
    script: (at) => [
      [3, () => {
        at.loses = (body) => body.includes('lost.json')
        at.upload('lost.json', ...lines(10))
        at.loses = () => false
      }],
    ], // prettier-ignore
    red: { FileMissed: [noticed(26.4)] },
  },
  {
    name: 'the message of a segment is lost; the daily search queues it again',
    days: 3,
    script: (at) => [
      [2, () => {
        at.adapt = (ports) => ({ ...ports, limits: { ...ports.limits, segmentBytes: 65_536 } })
        at.loses = (body) => body.includes('"segment"') && body.includes('"index":2')
        at.upload('large.json', ...lines(4_000))
      }],
      [3, () => { at.loses = () => false }],
    ], // prettier-ignore
    red: { FileMissed: [noticed(26.4)] },
  },
  {
    name: 'the import queue is deleted, and there again after two days',
    days: 6,
    script: (at) => [
      [2, () => { at.upload('a.json', ...lines(10)) }],
      [30, () => { at.isQueueDeleted = true }],
      [40, () => { at.upload('lost.json', ...lines(10)) }],
      [80, () => { at.isQueueDeleted = false }],
    ], // prettier-ignore
    // The daily message fails at hours 50.4 and 74.4, and its search finds the file at hour 98.4.
    red: {
      QueueUnreachable: [red(50.4, 99, { lateMinutes: 65, lingersMinutes: 8 * 60 })],
      FileMissed: [noticed(98.4)],
    },
  },
  { name: 'a silent week', days: 7, script: () => [], red: {} },
  {
    name: 'a silent week, and an alarm is set for three days',
    days: 7,
    settings: { alarmIdleDays: 3 },
    script: (at) => [
      [2.5, () => { at.upload('first.json', ...lines(5)) }],
      [130, () => { at.upload('again.json', ...lines(5)) }],
    ], // prettier-ignore
    // It is also red from the deployment to the first file.
    red: {
      NothingImported: [red(0, 2.4, { lingersMinutes: 60 }), red(75, 130, { lateMinutes: 60, lingersMinutes: 60 })],
    },
  },
  {
    name: 'Lambda throttles the importer for two hours',
    days: 1,
    script: (at) => [
      [2, () => { at.isThrottled = true }],
      [2, () => { at.upload('a.json', ...lines(10)) }],
      [4, () => { at.isThrottled = false }],
    ], // prettier-ignore
    red: { FunctionThrottled: [red(2, 4, { lateMinutes: 15, lingersMinutes: 80 })] },
  },
]
