import { clock } from '../../../lambda/adapters/clock.ts'
import { s3Checkpoints, s3Documents } from '../../../lambda/adapters/s3-documents.ts'
import { s3SourceFiles } from '../../../lambda/adapters/s3-objects.ts'
import { lineRulesFor } from '../../../lambda/jobs/line-rules.ts'
import { readOptions } from '../../../lambda/jobs/read-options.ts'
import { classifyLine } from '../../../lambda/parse/classify-line.ts'
import type { Entry } from '../../../lambda/parse/entry.ts'
import type { OpenFile } from '../../../lambda/ports.ts'
import { openLines, UnreadableFile } from '../../../lambda/read/lines.ts'
import { resuming } from '../../../lambda/read/resume.ts'
import { isFinal, type Report } from '../../../lambda/report/report.ts'
import type { Rule } from '../../../lambda/rules/rule.ts'
import { NUMBER_SETTINGS } from '../../../lambda/settings/numbers.ts'
import type { Deployment } from '../../deployment/deployment.ts'
import { importRulesOf } from '../../deployment/import-rules.ts'
import type { RejectedRow } from '../api-types.ts'
import { refusalOf } from '../server.ts'
import { lineStates, type LineStates } from './line-states.ts'
import { personMatcher } from './names-person.ts'
import { PersonLines, type PersonMessage, type PersonResult } from './person-result.ts'
import { rejectingTooLong } from '../../deployment/too-long.ts'

const PROGRESS_LINES = 20_000

type Waiting = () => Promise<Iterable<RejectedRow>>

/**
 * Looks for a person in the lines of one file, and says how each of them ended. Keeps only what it has found: a file can be large.
 *
 * @param waiting the rejected lines of the file that name the person: all that is left if the file is gone
 * @returns the messages as they are sent to the page
 */
export async function* personMessages(
  deployment: Deployment,
  report: Report,
  identity: string,
  waiting: Waiting,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    for await (const message of messages(deployment, report, identity, waiting, signal)) yield `${JSON.stringify(message)}\n`
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) throw error
    yield `${JSON.stringify({ kind: 'error', error: refusal.message } satisfies PersonMessage)}\n`
  }
}

async function* messages(
  deployment: Deployment,
  report: Report,
  identity: string,
  waiting: Waiting,
  signal: AbortSignal,
): AsyncGenerator<PersonMessage> {
  const { s3, bucket } = deployment
  const opened = await resuming(s3SourceFiles(s3), clock).open(report.file)
  if (opened.kind !== 'open') {
    yield { kind: 'result', result: waitingLines(await waiting()) }
    return
  }
  const stop = () => {
    opened.body.destroy()
  }
  signal.addEventListener('abort', stop)
  try {
    const states = await lineStates(report, { checkpoints: s3Checkpoints(s3, bucket), documents: s3Documents(s3, bucket) })
    const rules = isFinal(report) ? await importRulesOf(report, { s3, bucket }) : (states.rules ?? [])
    yield* linesOf(opened, rules, { ...states, asImported: rejectingTooLong(report, deployment) }, identity)
  } finally {
    signal.removeEventListener('abort', stop)
    opened.body.destroy()
  }
}

async function* linesOf(
  opened: OpenFile,
  rules: readonly Rule[],
  { stateOf, asImported }: LineStates & { readonly asImported: (entry: Entry) => Entry },
  identity: string,
): AsyncGenerator<PersonMessage> {
  const isAbout = personMatcher(identity)
  const found = new PersonLines()
  const lineRules = lineRulesFor(opened.lastModified, rules)
  let searched = 0
  let missing: string | undefined
  try {
    const maxLineBytes = NUMBER_SETTINGS.KM_MAX_LINE_BYTES.max
    const { batches } = await openLines(opened.body, { maxLineBytes, ...readOptions(opened, rules) })
    let next = PROGRESS_LINES
    for await (const batch of batches) {
      for (const line of batch) {
        const read = classifyLine(line, lineRules)
        if (!isAbout(read)) continue
        const entry = asImported(read)
        const state = stateOf(entry)
        if (state === undefined) continue
        const reason = entry.kind === 'rejected' ? entry.rejection.reason : undefined
        found.add({ line: line.number, state, ...(reason !== undefined && { reason }) })
      }
      searched += batch.length
      if (searched < next) continue
      next = searched + PROGRESS_LINES
      yield { kind: 'progress', searched }
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    missing = error.rejection.detail
  }
  yield { kind: 'result', result: found.result('file', searched, missing) }
}

function waitingLines(rows: Iterable<RejectedRow>): PersonResult {
  const found = new PersonLines()
  let searched = 0
  for (const { lineNumber, reason, kind } of rows) {
    searched += 1
    if (kind === 'line' && lineNumber !== undefined)
      found.add({ line: lineNumber, state: reason === 'endpoint_refused' ? 'undeliverable' : 'rejected', reason })
  }
  return found.result('dead-letters', searched)
}
