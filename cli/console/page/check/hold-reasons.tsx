import { HOLD_RULES } from '../../../../lambda/survey/hold-rules.ts'
import { Notice } from '../components/notice.tsx'
import { Prose } from '../components/text.tsx'

/** A report of a newer importer may have a rule that this page does not know. */
const TITLES: Readonly<Record<string, { readonly title: string; readonly why: string } | undefined>> = HOLD_RULES

interface HoldReasonsProps {
  readonly rules: readonly { readonly rule: string; readonly detail: string }[]
}

/** Why a file is held. */
export function HoldReasons({ rules }: HoldReasonsProps) {
  return (
    <ul class="check-list" aria-label="Why the file is held">
      {rules.map(({ rule, detail }) => (
        <li key={detail}>
          <strong>{TITLES[rule]?.title ?? rule}.</strong> <Prose text={detail} /> {TITLES[rule]?.why}
        </li>
      ))}
    </ul>
  )
}

/** Said before the import: it would wait for a decision. */
export function ExpectedHold({ rules }: HoldReasonsProps) {
  if (rules.length === 0) return null
  return (
    <Notice tone="warning">
      <strong>The import would be held: nothing is sent before you release it.</strong>
      <HoldReasons rules={rules} />
      <p>If this is not what you expect, correct the file first.</p>
    </Notice>
  )
}
