import { membersOf, type Member } from '../../parse/layout.ts'
import { isObject } from '../json-object.ts'

export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Replaces parts of a JSON object. Any other text stays unchanged. */
export function edit(text: string, editsOf: (members: readonly Member[]) => readonly Edit[]): string {
  if (!isObject(text)) return text
  let edited = text
  for (const { start, end, text: replacement } of editsOf([...membersOf(text)]).toReversed())
    edited = edited.slice(0, start) + replacement + edited.slice(end)
  return edited
}
