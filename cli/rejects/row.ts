import { membersOf } from '../../lambda/parse/layout.ts'
import type { DeadLetter, LineOrigin } from '../../lambda/settle/dead-letter.ts'
import { isObject } from '../../lambda/rules/json-object.ts'

/** One dead letter as the user edits it: one line of JSON in a pulled file. */
export interface Row {
  /** Line number in the pulled file, from 1. */
  readonly number: number
  /** Message id of the dead letter. */
  readonly id: string
  /** The line to send. Undefined if the row is about a whole file or a group of lines, or its line was deleted. */
  readonly line: string | undefined
  /** The bytes of the line were not UTF-8. `line` has a U+FFFD for each byte that could not be decoded. */
  readonly isPatched: boolean
  /** The row is about many lines that were rejected for the same reason. */
  readonly isGroup: boolean
  /** Where the line was, if the row says it. */
  readonly source?: { readonly key: string; readonly line: number }
}

/** What a row shows of a dead letter. */
type RowContent = Pick<
  DeadLetter,
  'detail' | 'line' | 'lineBase64' | 'lineTruncated' | 'origin' | 'group' | 'failedAt' | 'replays'
> & {
  readonly reason: string
  readonly source: Pick<DeadLetter['source'], 'key' | 'line' | 'versionId'>
}

/** A row that `rejects pull` cannot have written. */
export class RowError extends Error {
  override readonly name = 'RowError'
  readonly code = 'row_error'
}

/** Characters that are invisible or change how a line looks. Rows have JSON escapes for them, so that editors and terminals show them. */
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/g

function visible(json: string): string {
  // Faster than the search: of the ASCII characters, JSON contains only this hidden one.
  if (Buffer.byteLength(json) === json.length && !json.includes('\u007f')) return json
  return json.replace(HIDDEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * A dead letter as one line of JSON. Its `line` is an object, digit by digit as in the file, if the line is one; otherwise it is a string.
 *
 * @param id message id of the dead letter
 * @param fixedLine replaces the line of the dead letter
 */
export function rowOf(id: string, deadLetter: RowContent, fixedLine?: string): string {
  const { key, versionId, line: number } = deadLetter.source
  const source = { key, ...(number !== undefined && { line: number }), ...(versionId !== undefined && { versionId }) }
  const members = [
    `"reason":${JSON.stringify(deadLetter.reason)}`,
    `"detail":${JSON.stringify(deadLetter.detail)}`,
    ...lineMembers(fixedLine ?? deadLetter.line, deadLetter.lineBase64),
    ...(deadLetter.lineTruncated === true ? ['"lineTruncated":true'] : []),
    `"source":${JSON.stringify(source)}`,
    ...(deadLetter.origin === undefined ? [] : [`"origin":${JSON.stringify(originOf(deadLetter.origin))}`]),
    ...(deadLetter.group === undefined ? [] : [`"group":${JSON.stringify(deadLetter.group)}`]),
    `"failedAt":${JSON.stringify(deadLetter.failedAt)}`,
    ...(deadLetter.replays > 0 ? [`"replays":${deadLetter.replays}`] : []),
    `"id":${JSON.stringify(id)}`,
  ]
  return visible(`{${members.join(',')}}`)
}

function originOf({ key, line, versionId }: LineOrigin) {
  return { key, line, ...(versionId !== undefined && { versionId }) }
}

function lineMembers(line: string | undefined, base64: string | undefined): readonly string[] {
  if (line !== undefined) return [`"line":${isObject(line) ? line.trim().replaceAll(/[\t\r\n]/g, ' ') : JSON.stringify(line)}`]
  if (base64 === undefined) return []
  return [`"line":${JSON.stringify(Buffer.from(base64, 'base64').toString('utf8'))}`, `"lineBase64":${JSON.stringify(base64)}`]
}

/** @throws RowError with what is wrong */
export function readRow(text: string, number: number): Row {
  if (!isObject(text)) throw new RowError('it is not one JSON object on one line')
  const lexemes = new Map<string, string>()
  for (const { name, valueStart, valueEnd } of membersOf(text)) lexemes.set(name, text.slice(valueStart, valueEnd))
  const id = parse(lexemes.get('id'))
  if (typeof id !== 'string' || id === '') throw new RowError('it has no "id". To send lines of your own, import them as a file')
  return {
    number,
    id,
    line: lineOf(lexemes.get('line')),
    isPatched: lexemes.has('lineBase64'),
    isGroup: lexemes.has('group'),
    ...sourceOf(parse(lexemes.get('source'))),
  }
}

function sourceOf(value: unknown): Pick<Row, 'source'> {
  if (typeof value !== 'object' || value === null || !('key' in value) || !('line' in value)) return {}
  const { key, line } = value
  return typeof key === 'string' && typeof line === 'number' ? { source: { key, line } } : {}
}

function lineOf(lexeme: string | undefined): string | undefined {
  const value = parse(lexeme)
  if (value === undefined || value === null) return undefined
  // Between tokens a line end is equal to a space; JSON allows line ends nowhere else.
  return (typeof value === 'string' ? value : lexeme)?.replaceAll(/[\r\n]+/g, ' ')
}

function parse(lexeme: string | undefined): unknown {
  return lexeme === undefined ? undefined : JSON.parse(lexeme)
}
