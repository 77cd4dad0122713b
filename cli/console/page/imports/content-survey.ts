import type { Entry } from '../../../../lambda/parse/entry.ts'
import { latestTimeFor, type LineRules } from '../../../../lambda/parse/line.ts'
import { lineChanges } from '../../../../lambda/rules/line-changes.ts'
import { findHolds } from '../../../../lambda/survey/holds.ts'
import type { Hold } from '../../../../lambda/survey/hold-rules.ts'
import { FileSurvey } from '../../../../lambda/survey/survey.ts'
import type { PreviewSummary } from '../../../preview/summary.ts'
import { Survey } from '../../../preview/survey/survey.ts'
import type { CheckContext } from '../../api-types.ts'
import type { LineCounts } from './check-lines.ts'
import type { RangeDigest } from './digest-range.ts'

/** What the lines of a file would do, and what would hold it. */
export interface Content {
  readonly summary: PreviewSummary
  readonly holds: readonly Hold[]
}

/** Surveys the lines of a file with the code of `km-import preview` and of the importer's safety check. Memory: at most 160 MB. */
export class ContentSurvey {
  readonly rules: LineRules
  readonly #context: CheckContext
  readonly #summary = new Survey()
  readonly #holds = new FileSurvey()

  /** @throws SetupError if an import rule cannot be used */
  constructor(context: CheckContext) {
    const changes = lineChanges(context.rules)
    this.rules = { latestTime: latestTimeFor(new Date()), ...(changes !== undefined && { changes }) }
    this.#context = context
    this.#summary.begin('')
  }

  add(entry: Entry): void {
    this.#summary.add(entry)
    this.#holds.add(entry)
  }

  /** Adds the next lines. @param linesBefore lines that were added before */
  addDigest({ digest, part }: RangeDigest, linesBefore: number): void {
    this.#summary.addDigest(digest)
    this.#holds.addPart(part, linesBefore)
  }

  content({ refusal }: LineCounts): Content {
    if (refusal !== undefined) this.#holds.refuse(refusal)
    const { hold, profile } = this.#context
    return { summary: this.#summary.summary(), holds: findHolds(this.#holds.part(), profile, hold, { isReplay: false }) }
  }
}
