import { randomUUID } from 'node:crypto'
import { clock } from '../../lambda/adapters/clock.ts'
import type { Limits } from '../../lambda/settings.ts'
import { eventsFor, type Log, type Events } from '../../lambda/events.ts'
import { readMessage } from '../../lambda/intake/message.ts'
import type { Task } from '../../lambda/intake/task.ts'
import { resuming } from '../../lambda/read/resume.ts'
import type { Checkpoint } from '../../lambda/settle/checkpoint.ts'
import type { Ports, Endpoint, Checkpoints, DeadLetterQueue } from '../../lambda/ports.ts'
import type { Target } from '../local/options.ts'
import { HERE, type SentFile } from './files.ts'
import type { SendStats } from './stats.ts'
import { asSourceFile } from './open-file.ts'
import type { Progress } from './progress.ts'
import { reportBeside } from './report-file.ts'
import type { SendState } from './state.ts'

export interface FilePortsOptions {
  readonly target: Target
  readonly limits: Limits
  readonly rejected: DeadLetterQueue
  readonly endpoint: Endpoint
  readonly stats: SendStats
  readonly progress: Progress
  /** Told what is to be gone on with after that time. */
  readonly defer: (task: Task, seconds: number) => void
  /** Told that another run holds the file. */
  readonly onBusy: () => void
}

/** The importer's world on a computer without AWS: files in place of the bucket, the report, the checkpoint and the dead-letter queue. */
export function portsFor(file: SentFile, state: SendState, parts: FilePortsOptions): Ports {
  const { target, limits, rejected, endpoint, stats, defer } = parts
  return {
    files: resuming(asSourceFile(file, state.begunAt), clock),
    reports: reportBeside(file),
    checkpoints: noting(state.checkpoints, stats),
    deadLetters: rejected,
    importQueue: {
      send: (body, seconds) => {
        const [work] = readMessage(body)
        if (work?.kind !== 'task') throw new TypeError('only tasks are put off')
        defer(work.task, seconds)
        return Promise.resolve()
      },
    },
    endpoint: stats.watch(endpoint),
    apiKey: () => Promise.resolve(target.apiKey),
    clock,
    newRun: randomUUID,
    events: eventsOn(parts),
    limits,
    bucket: HERE,
    // There is no queue and no bucket that anything of an earlier day could lie in.
    listing: { pages: none },
    deadLetterReader: { take: none, putBack: none, remove: none },
    archived: { put: none },
  }
}

function eventsOn({ progress, onBusy }: FilePortsOptions): Events {
  const log: Log = {
    info: () => undefined,
    warn: (sentence) => {
      progress.notify(`note: ${sentence}`)
    },
    error: (sentence) => {
      progress.notify(`error: ${sentence}`)
    },
    count: () => undefined,
  }
  return {
    ...eventsFor(log),
    // The table at the end says these, and the line at the bottom that.
    missing: () => undefined,
    fileRejected: () => undefined,
    outage: () => undefined,
    busy: onBusy,
  }
}

function none(): never {
  throw new TypeError('a send has neither a bucket nor a dead-letter queue')
}

/** Whoever looks on sees what is settled, as it is written down. */
function noting(checkpoints: Checkpoints, stats: SendStats): Checkpoints {
  return {
    find: (place) => checkpoints.find(place),
    put: async (place, value, expected) => {
      const tag = await checkpoints.put(place, value, expected)
      if (tag !== undefined && 'counts' in value) stats.note(value as unknown as Checkpoint)
      return tag
    },
  }
}
