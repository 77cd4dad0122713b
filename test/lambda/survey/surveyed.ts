import { classifyLine } from '../../../lambda/parse/classify-line.ts'
import type { SurveyPart } from '../../../lambda/survey/part.ts'
import { FileSurvey } from '../../../lambda/survey/survey.ts'
import { readHoldSettings } from '../../../lambda/settings/hold.ts'

/** 2026-11-02T10:00:00Z, a Monday. */
export const TIME = 1_793_613_600
export const RULES = { latestTime: TIME + 86_400 }
export const DEFAULTS = readHoldSettings({})

export type Members = Readonly<Record<string, unknown>>

export const event = (index: number, members: Members = {}): Members => ({ _p: `p${index}`, _t: TIME, _n: 'Visited', ...members })
export const alias = (person: string, other: string): Members => ({ _p: person, _p2: other, _t: TIME })

export function lines(count: number, line: (index: number) => Members): readonly Members[] {
  return Array.from({ length: count }, (_, index) => line(index))
}

/** @param texts lines, or what they contain @param firstLine the number of the first one */
export function surveyOf(texts: readonly (string | Members)[], firstLine = 1, survey = new FileSurvey()): SurveyPart {
  for (const [index, text] of texts.entries())
    survey.add(
      classifyLine(
        { number: firstLine + index, byteStart: 0, byteEnd: 0, text: typeof text === 'string' ? text : JSON.stringify(text) },
        RULES,
      ),
    )
  return survey.part()
}
