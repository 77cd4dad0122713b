import markdown from '../../../../docs/reasons.md'
import { readReasons, type ReasonDoc } from './read-reasons.ts'

/** All reasons, in the order of docs/reasons.md, which is a part of the page. */
export const REASON_DOCS: readonly ReasonDoc[] = readReasons(markdown)

export function reasonDoc(code: string): ReasonDoc | undefined {
  return REASON_DOCS.find((reason) => reason.code === code)
}
