import { randomUUID } from 'node:crypto'
import { eventsFor, type Events, type Log } from '../../lambda/events.ts'
import { readMessage } from '../../lambda/intake/message.ts'
import type { Task } from '../../lambda/intake/task.ts'
import { importRulesKey, receiptKey, replayOriginsKey, RULES_KEY, undeliveredKey } from '../../lambda/keys.ts'
import type { Checkpoints, Clock, DeadLetterQueue, Documents, Endpoint, Ports } from '../../lambda/ports.ts'
import type { Receipt } from '../../lambda/report/receipt.ts'
import { resuming } from '../../lambda/read/resume.ts'
import { RULES_SCHEMA, type RulesDocument } from '../../lambda/rules/rule-set.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { CHECKPOINT_SCHEMA, type Checkpoint } from '../../lambda/settle/checkpoint.ts'
import { readLeased } from '../../lambda/settle/lease.ts'
import type { Limits } from '../../lambda/settings/settings.ts'
import { writeAtomically } from './atomic-file.ts'
import { undeliveredPathOf } from './closing/closed-lines.ts'
import { replayOriginsOf, type FixedFile } from './closing/fixed-file.ts'
import { LOCAL_BUCKET, receiptPathOf, type SentFile } from './files.ts'
import { localSourceFiles } from './open-file.ts'
import { rulesPathOf } from './pinned-rules.ts'
import type { Progress } from './progress.ts'
import { withoutFolder } from './receipt.ts'
import { reportFile } from './report-file.ts'
import type { SendState } from './state.ts'
import type { SendStats } from './stats.ts'

export interface FilePortsContext {
  readonly apiKey: string
  readonly endpoint: Endpoint
  readonly clock: Clock
  readonly limits: Limits
  /** The import rules for the file. */
  readonly rules: readonly Rule[]
  /** Of a file of fixed lines. */
  readonly fixed?: FixedFile | undefined
  readonly rejected: DeadLetterQueue
  readonly stats: SendStats
  readonly progress: Progress
  /** Called with the work that has to be tried again after `seconds`. */
  readonly defer: (task: Task, seconds: number) => void
  /** Called if another run holds the lease of the file. */
  readonly onBusy: () => void
}

/** The ports of the importer on a computer without AWS: files for the bucket, the report, the checkpoint and the dead-letter queue. */
export function filePorts(file: SentFile, state: SendState, context: FilePortsContext): Ports {
  const { apiKey, endpoint, clock, limits, rejected, stats, defer, fixed } = context
  return {
    files: resuming(localSourceFiles(file, state.startedAt, fixed && REPLAY), clock),
    reports: reportFile(file),
    checkpoints: withRules(withStats(state.checkpoints, stats), context.rules),
    deadLetters: rejected,
    importQueue: {
      send: (body, seconds) => {
        const [work] = readMessage(body)
        if (work?.kind !== 'task') throw new TypeError('a send defers only tasks')
        defer(work.task, seconds)
        return Promise.resolve()
      },
    },
    endpoint: stats.counting(endpoint),
    apiKey: () => Promise.resolve(apiKey),
    clock,
    newRun: randomUUID,
    events: sendEvents(context),
    limits,
    bucket: LOCAL_BUCKET,
    documents: sentDocuments(file, fixed),
    isUnsupervised: true,
    // Only jobs that a send does not run need these.
    tags: { find: unused },
    listing: { pages: unused, scope: '', reportsFrom: unused },
    deadLetterReader: { take: unused, keepHidden: unused, putBack: unused, remove: unused },
    archived: { put: unused },
  }
}

/** The name of the only replay that a send knows: that of the file of fixed lines that it sends. */
const REPLAY = 'fixed'

/**
 * What is kept beside the file: the receipt, the rules, and which lines of a file of fixed lines were not delivered. The reports of the files that
 * these lines were rejected from are closed at the end of the send, and not by the importer.
 */
function sentDocuments({ path, source }: SentFile, fixed: FixedFile | undefined): Documents {
  const paths = new Map([
    [receiptKey(source), receiptPathOf({ path })],
    [importRulesKey(source), rulesPathOf(path)],
    ...(fixed === undefined ? [] : [[undeliveredKey(source), undeliveredPathOf(path)] as const]),
  ])
  return {
    find: ({ key }) =>
      Promise.resolve(
        fixed === undefined || key !== replayOriginsKey(REPLAY) ? undefined : { value: replayOriginsOf(fixed), tag: '' },
      ),
    put: async ({ key }, value) => {
      const beside = paths.get(key)
      const stored = key === receiptKey(source) ? withoutFolder(value as Receipt) : value
      if (beside !== undefined) await writeAtomically(beside, stored)
      return ''
    },
  }
}

function sendEvents({ progress, onBusy }: FilePortsContext): Events {
  const log: Log = {
    info: () => undefined,
    warn: (message) => {
      progress.print(`note: ${message}`)
    },
    error: (message) => {
      progress.print(`error: ${message}`)
    },
    count: () => undefined,
  }
  return {
    ...eventsFor(log),
    // The result at the end shows the first two, and the progress line an outage.
    missing: () => undefined,
    fileRejected: () => undefined,
    outage: () => undefined,
    busy: onBusy,
  }
}

function unused(): never {
  throw new TypeError('a send has no bucket and no dead-letter queue')
}

/** The rules of the user, where the importer looks for those of a prefix. */
function withRules(checkpoints: Checkpoints, rules: readonly Rule[]): Checkpoints {
  const value: RulesDocument = { schema: RULES_SCHEMA, prefixes: [{ prefix: '', rules }] }
  return {
    ...checkpoints,
    find: (key) => (key.key === RULES_KEY ? Promise.resolve({ value, tag: '' }) : checkpoints.find(key)),
  }
}

/** Updates the stats with each checkpoint that is written. */
function withStats(checkpoints: Checkpoints, stats: SendStats): Checkpoints {
  return {
    find: (key) => checkpoints.find(key),
    put: async (key, value, expected) => {
      const tag = await checkpoints.put(key, value, expected)
      const checkpoint = readLeased<Checkpoint>(value, CHECKPOINT_SCHEMA, key.key)
      if (tag !== undefined && checkpoint !== undefined) stats.update(checkpoint)
      return tag
    },
  }
}
