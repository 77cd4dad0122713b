import * as v from 'valibot'
import { EXPECTED_SCHEMA } from '../keys.ts'
import type { ListPosition } from '../ports.ts'
import type { SourceFile } from './source-file.ts'

/** Marks the message that asks for an answer to be pushed. */
export const ANSWER_TASK_SCHEMA = 'kissmetrics-importer/answer-task/v1'

/** A period in which a file should have been uploaded. */
export interface Expected {
  readonly bucket: string
  readonly prefix: string
  /** ISO 8601. */
  readonly since: string
  readonly until: string
}

/** What one message asks to answer: what has become of a file, or that none has come. */
export interface AnswerTask {
  readonly file?: SourceFile
  readonly missing?: Expected
  /** When the answer was first asked for. Milliseconds since 1970. */
  readonly since: number
  /** How often it was tried. */
  readonly tries: number
  /** The channels that have accepted it, or will never do. */
  readonly done: readonly string[]
  /** Those of them that will never accept it. */
  readonly refused: readonly string[]
}

/** Whether a file was uploaded under a prefix in the period that ended when the schedule sent the message. */
export interface ExpectedCheck {
  readonly bucket: string
  readonly prefix: string
  readonly withinSeconds: number
  /** ISO 8601. */
  readonly at: string
  /** Where to continue the listing. */
  readonly after?: ListPosition
}

export function newAnswerTask(about: Pick<AnswerTask, 'file' | 'missing'>, since: number): AnswerTask {
  return { ...about, since: Math.round(since), tries: 0, done: [], refused: [] }
}

export function answerTaskBody(task: AnswerTask): string {
  return JSON.stringify({ schema: ANSWER_TASK_SCHEMA, ...task })
}

const Identifier = v.pipe(v.string(), v.minLength(1))
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const Timestamp = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text))),
)

/** A version of a file, in a message of the importer. */
export const FileBody = v.looseObject({
  bucket: Identifier,
  key: Identifier,
  versionId: v.exactOptional(Identifier),
  etag: v.exactOptional(Identifier),
})

const Period = v.looseObject({ bucket: Identifier, prefix: v.string(), since: Timestamp, until: Timestamp })

/** Unknown fields are kept: a newer version may need them when the message is sent again. */
export const AnswerTaskBody = v.pipe(
  v.looseObject({
    schema: v.literal(ANSWER_TASK_SCHEMA),
    file: v.exactOptional(FileBody),
    missing: v.exactOptional(Period),
    since: Count,
    tries: Count,
    done: v.array(v.string()),
    refused: v.array(v.string()),
  }),
  v.check(({ file, missing }) => (file === undefined) !== (missing === undefined)),
)

export const ExpectedBody = v.looseObject({
  schema: v.literal(EXPECTED_SCHEMA),
  bucket: Identifier,
  prefix: v.string(),
  withinSeconds: v.pipe(Count, v.minValue(1)),
  at: Timestamp,
  /** Where to continue the listing. */
  after: v.exactOptional(v.looseObject({ key: Identifier, versionId: Identifier })),
})

export function expectedBody(check: ExpectedCheck): string {
  return JSON.stringify({ ...check, schema: EXPECTED_SCHEMA })
}
