import * as v from 'valibot'
import { FileBody } from './answer-task.ts'
import type { SourceFile } from './source-file.ts'

/** Marks the message that asks to look at the tags of an object again. */
export const TAGGED_SCHEMA = 'kissmetrics-importer/tagged/v1'

export const TaggedBody = v.looseObject({ schema: v.literal(TAGGED_SCHEMA), file: FileBody })

/** The message for an object whose tags cannot be read until a person has corrected the setup. */
export function taggedBody(file: SourceFile): string {
  return JSON.stringify({ schema: TAGGED_SCHEMA, file })
}
