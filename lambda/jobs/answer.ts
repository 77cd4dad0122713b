import { withTexts } from '../answers/answer-text.ts'
import type { AnswerFacts, FileAnswer } from '../answers/file-answer.ts'
import { backoffCeiling } from '../backoff.ts'
import { answerTaskBody, type AnswerTask } from '../intake/answer-task.ts'
import { reportKey } from '../keys.ts'
import type { AnswerChannel, Answers, FoundReport, Ports } from '../ports.ts'
import { needsAnswer } from '../report/report.ts'
import { factsOf, missingFacts } from './answer-facts.ts'
import { DONE, type JobOutcome } from './outcome.ts'
import { MAX_DELAY_SECONDS } from './requeue.ts'

/** How long an answer waits after its first failed try. Each further one doubles it. */
const FIRST_DELAY_SECONDS = 30

/** An answer that is this late sets off an alarm. A short outage of a receiver does not need a person. */
const LATE_MS = 60 * 60_000

/** After this time the answer is given up. The report says so, and has everything that the answer says. */
const MAX_AGE_MS = 24 * 60 * 60_000

/** S3 can refuse a write although no other run has written (409). */
const MAX_TRIES = 5

/**
 * Pushes an answer about a file to each channel. While a channel fails, the rest is tried again as a new message, so that waiting never uses
 * up the deliveries of one.
 *
 * @throws NewerVersionError, or the error of S3 or SQS: then the message stays in the queue
 */
export async function pushAnswer(task: AnswerTask, ports: Ports): Promise<JobOutcome> {
  const { answers } = ports
  if (answers === undefined) return DONE // they were turned off after it was asked for
  const subject = await subjectOf(task, answers, ports)
  if (subject === undefined) {
    ports.events.answerNotNeeded()
    return DONE
  }
  const answer = withTexts(subject.facts)
  const left = answers.channels.filter(({ name }) => !task.done.includes(name))
  const pushed = await Promise.all(left.map((channel) => pushTo(channel, answer, task, ports)))
  const ended = (kind: Pushed['kind']) => pushed.filter((each) => each.kind === kind).map(({ name }) => name)
  const refused = [...task.refused, ...ended('refused')]
  const waiting = ended('waiting')
  if (waiting.length > 0) {
    await tryAgain({ ...task, done: [...task.done, ...ended('accepted'), ...ended('refused')], refused }, ports)
    return { kind: 'requeued' }
  }
  if (subject.found !== undefined) await noteAnswered(subject.found, refused, ports)
  if (ended('accepted').length > 0) ports.events.answered(nameOf(answer), answer.state)
  return DONE
}

interface Subject {
  readonly facts: AnswerFacts
  /** The report, if the answer is about one. */
  readonly found?: FoundReport
}

/** @returns undefined if there is nothing to answer (any more) */
async function subjectOf({ file, missing }: AnswerTask, answers: Answers, ports: Ports): Promise<Subject | undefined> {
  if (missing !== undefined) return { facts: missingFacts(missing, answers) }
  if (file === undefined) return undefined
  ports.events.about({ file: file.key, version: file.versionId ?? file.etag })
  const found = await ports.reports.find(file.bucket, reportKey(file))
  // A file that was released since goes on, and is answered when it ends. So is one whose lines were fixed.
  if (found === undefined || !needsAnswer(found.report)) return undefined
  const facts = factsOf(found.report, answers)
  return facts && { facts, found }
}

interface Pushed {
  readonly name: string
  readonly kind: 'accepted' | 'refused' | 'waiting'
}

async function pushTo(channel: AnswerChannel, answer: FileAnswer, task: AnswerTask, { clock, events }: Ports): Promise<Pushed> {
  const { name } = channel
  const result = await channel.push(answer)
  if (result.kind === 'accepted') return { name, kind: 'accepted' }
  const about = { channel: name, key: nameOf(answer), code: result.code }
  const ageMs = clock.now() - task.since
  if (result.kind === 'refused' || ageMs >= MAX_AGE_MS) {
    events.answerRefused(about)
    return { name, kind: 'refused' }
  }
  if (result.kind === 'setup') events.answerSetupWrong({ ...about, detail: result.detail })
  else events.answerDelayed(about, ageMs >= LATE_MS)
  return { name, kind: 'waiting' }
}

async function tryAgain(task: AnswerTask, { importQueue }: Ports): Promise<void> {
  const tries = task.tries + 1
  const seconds = backoffCeiling(tries, { first: FIRST_DELAY_SECONDS, max: MAX_DELAY_SECONDS })
  await importQueue.send(answerTaskBody({ ...task, tries }), seconds)
}

/** Notes in the report that its state was answered, so that the answer is not repeated. */
async function noteAnswered(known: FoundReport, refused: readonly string[], { reports, clock }: Ports): Promise<void> {
  const { state, file } = known.report
  const key = reportKey(file)
  const answered = { state, at: new Date(clock.now()).toISOString(), ...(refused.length > 0 && { refused }) }
  let found: FoundReport | undefined = known
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    // With another state, another answer is asked for.
    if (found?.report.state !== state) return
    if ((await reports.replace(file.bucket, key, { ...found.report, answered }, found.tag)) !== undefined) return
    found = await reports.find(file.bucket, key)
  }
}

function nameOf({ file, expected }: FileAnswer): string {
  return file?.key ?? expected?.prefix ?? ''
}
