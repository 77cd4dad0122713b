import { ForeignText } from '../components/text.tsx'
import type { ReasonDoc } from './read-reasons.ts'
import './reason-example.css'

/** Lines that are rejected, and the same lines corrected. */
export function ReasonExample({ reason: { bad, good } }: { readonly reason: ReasonDoc }) {
  if (bad === undefined || good === undefined) return null
  return (
    <dl class="reason-example">
      <dt>Rejected</dt>
      <dd>
        <ExampleLines text={bad} />
      </dd>
      <dt>Fixed</dt>
      <dd>
        <ExampleLines text={good} />
      </dd>
    </dl>
  )
}

export function ExampleLines({ text }: { readonly text: string }) {
  return (
    <pre class="example-lines">
      {text.split('\n').map((line, index) => (
        <div key={index}>
          <ForeignText text={line} />
        </div>
      ))}
    </pre>
  )
}
