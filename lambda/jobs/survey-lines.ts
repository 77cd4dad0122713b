import { classifyLines } from '../parse/classify-line.ts'
import type { LineRules } from '../parse/line.ts'
import { admit } from '../parse/sniff.ts'
import type { OpenFile } from '../ports.ts'
import { openLines, UnreadableFile, type Line } from '../read/lines.ts'
import type { Rule } from '../rules/rule.ts'
import type { Watermark } from '../settle/ledger.ts'
import type { SurveyPart } from '../survey/part.ts'
import { FileSurvey } from '../survey/survey.ts'
import { readOptions } from './read-options.ts'
import { lineRulesFor } from './line-rules.ts'
import { onAbort } from './on-abort.ts'

export interface SurveyContext {
  readonly maxLineBytes: number
  /** The import rules: what they make of the lines is surveyed. */
  readonly rules: readonly Rule[]
  /** Whether the file is known to be JSON lines: it was split. */
  readonly isAdmitted: boolean
  /** Aborted when the survey has to stop. */
  readonly ending: AbortSignal
}

/**
 * Reads lines like the pipeline, and only counts what they contain. Closes the body.
 *
 * @param start position of the first line in the body
 * @throws the abort reason of `ending`, VanishedFile, or the error of S3
 */
export async function surveyLines(
  opened: OpenFile,
  start: Watermark,
  { maxLineBytes, rules, isAdmitted, ending }: SurveyContext,
): Promise<SurveyPart> {
  const lineRules = lineRulesFor(opened.lastModified, rules)
  const survey = new FileSurvey()
  using _ending = onAbort(ending, (reason) => {
    opened.body.destroy(reason)
  })
  try {
    const position = { byteStart: start.byte, firstLine: start.line + 1 }
    const reading = await openLines(opened.body, { maxLineBytes, ...position, ...readOptions(opened, undefined) })
    for await (const admission of admit(entriesOf(reading.batches, lineRules), { ...reading, isAdmitted })) {
      if (admission.kind === 'refused') survey.refuse(admission.rejection)
      else for (const entry of admission.entries) survey.add(entry)
    }
    ending.throwIfAborted() // a body that was destroyed here looks like one that ended early
  } catch (error) {
    ending.throwIfAborted()
    if (!(error instanceof UnreadableFile)) throw error
    survey.refuse(error.rejection)
  } finally {
    opened.body.destroy()
  }
  return survey.part()
}

async function* entriesOf(batches: AsyncIterable<readonly Line[]>, rules: LineRules) {
  for await (const batch of batches) yield classifyLines(batch, rules)
}
