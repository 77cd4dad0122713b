import { membersOf } from '../../lambda/parse/layout.ts'
import type { Reject } from './collect.ts'
import { reasonOf } from './content.ts'
import { isObject } from './json-object.ts'

/** One dead letter as a person edits it: a line of a file that was pulled. */
export interface Row {
  /** From 1, in that file. */
  readonly number: number
  readonly id: string
  /** The line as it is to be sent; undefined where the row has none: it is about a whole file, or its bytes were no text. */
  readonly line: string | undefined
  /** Its bytes were no text, and `line` shows what could be read of them. */
  readonly isPatched: boolean
}

/** A row that no pulled file has. */
export class RowError extends Error {
  override readonly name = 'RowError'
}

/** What does not show, or shows as something else: written as JSON escapes, so that an editor and a terminal show it. */
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/g

function visible(json: string): string {
  return json.replace(HIDDEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * A dead letter as one line of JSON. A `line` that is an object in JSON is shown as it was written, digit by digit; any other is a text.
 *
 * @param line the text where it was mended, instead of the letter's own
 */
export function rowOf({ id, content }: Reject, line?: string): string {
  if (!('deadLetter' in content)) throw new TypeError('only letters have rows')
  const { deadLetter } = content
  const { key, versionId, line: number } = deadLetter.source
  const source = { key, ...(number !== undefined && { line: number }), ...(versionId !== undefined && { versionId }) }
  const members = [
    `"reason":${JSON.stringify(reasonOf(content))}`,
    `"detail":${JSON.stringify(deadLetter.detail)}`,
    ...lineMembers(line ?? deadLetter.line, deadLetter.lineBase64),
    ...(deadLetter.lineTruncated === true ? ['"lineTruncated":true'] : []),
    `"source":${JSON.stringify(source)}`,
    `"failedAt":${JSON.stringify(deadLetter.failedAt)}`,
    ...(deadLetter.replays > 0 ? [`"replays":${deadLetter.replays}`] : []),
    `"id":${JSON.stringify(id)}`,
  ]
  return visible(`{${members.join(',')}}`)
}

function lineMembers(line: string | undefined, base64: string | undefined): readonly string[] {
  if (line !== undefined) return [`"line":${isObject(line) ? line.trim().replaceAll(/[\t\r\n]/g, ' ') : JSON.stringify(line)}`]
  if (base64 === undefined) return []
  return [`"line":${JSON.stringify(Buffer.from(base64, 'base64').toString('utf8'))}`, `"lineBase64":${JSON.stringify(base64)}`]
}

/** @throws RowError saying what is wrong with it */
export function readRow(text: string, number: number): Row {
  if (!isObject(text)) throw new RowError('it is not one JSON object on one line')
  const written = new Map<string, string>()
  for (const { name, valueStart, valueEnd } of membersOf(text)) written.set(name, text.slice(valueStart, valueEnd))
  const id = parsed(written.get('id'))
  if (typeof id !== 'string' || id === '') throw new RowError('it has no "id"; a line of your own belongs into a file of its own')
  return { number, id, line: lineOf(written.get('line')), isPatched: written.has('lineBase64') }
}

function lineOf(lexeme: string | undefined): string | undefined {
  const value = parsed(lexeme)
  if (value === undefined || value === null) return undefined
  // Between the parts of an object a line end is as good as a space; elsewhere JSON has none.
  return (typeof value === 'string' ? value : lexeme)?.replaceAll(/[\r\n]+/g, ' ')
}

function parsed(lexeme: string | undefined): unknown {
  return lexeme === undefined ? undefined : JSON.parse(lexeme)
}
