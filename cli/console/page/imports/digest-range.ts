import type { EpochSeconds } from '../../../../lambda/parse/time.ts'
import type { LineRules } from '../../../../lambda/parse/line.ts'
import { lineChanges } from '../../../../lambda/rules/line-changes.ts'
import type { Rule } from '../../../../lambda/rules/rule.ts'
import type { SurveyPart } from '../../../../lambda/survey/part.ts'
import { FileSurvey } from '../../../../lambda/survey/survey.ts'
import { Digester, type Digest } from '../../../preview/digest/digest.ts'
import { LineCheck } from './check-lines.ts'

/** What the lines of a range contain: for the preview, and for the safety check. It is plain data. Its line numbers start at 1. */
export interface RangeDigest {
  readonly digest: Digest
  readonly part: SurveyPart
}

/** What the lines are checked with. It is plain data. */
export interface RangeRules {
  readonly latestTime: EpochSeconds
  readonly importRules: readonly Rule[]
}

const LF = 0x0a
/** All lines of a piece are in memory at the same time. */
const PIECE_BYTES = 32_768

/** Digests ranges of files that are known to be JSON lines, one after the other. */
export class RangeDigester {
  readonly #rules: LineRules
  readonly #digester = new Digester()

  /** @throws SetupError if an import rule cannot be used */
  constructor({ latestTime, importRules }: RangeRules) {
    const changes = lineChanges(importRules)
    this.#rules = { latestTime, ...(changes !== undefined && { changes }) }
  }

  /** @param range whole lines @throws DOMException if it cannot be read */
  async digest(range: Blob): Promise<RangeDigest> {
    const bytes = new Uint8Array(await range.arrayBuffer())
    const survey = new FileSurvey()
    const lines = LineCheck.ofRange(this.#rules, (entry) => {
      this.#digester.add(entry)
      survey.add(entry)
    })
    for (const piece of piecesOf(bytes)) lines.add(piece)
    lines.end()
    return { digest: this.#digester.take(), part: survey.part() }
  }
}

/** Pieces of whole lines, so that no line has to be put together from two. A line that is longer than a piece is cut. */
function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length;) {
    const most = bytes.subarray(start, start + PIECE_BYTES)
    const wholeLines = most.lastIndexOf(LF) + 1
    const piece = wholeLines === 0 ? most : most.subarray(0, wholeLines)
    yield piece
    start += piece.length
  }
}
