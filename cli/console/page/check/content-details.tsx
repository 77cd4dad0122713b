import type { Content } from '../imports/content-survey.ts'
import { AliasWarning } from './alias-warning.tsx'
import './check.css'
import { ContentFacts } from './content-facts.tsx'
import { ExpectedHold } from './hold-reasons.tsx'
import { Events, Properties } from './names.tsx'
import { Notes } from './notes.tsx'
import { Times } from './times.tsx'

/** Everything that a user should know about the lines of a file before they are sent, what cannot be undone first. */
export function ContentDetails({ content: { summary, holds } }: { readonly content: Content }) {
  if (summary.lines.valid === 0) return <ExpectedHold rules={holds} />
  return (
    <>
      <AliasWarning aliases={summary.aliases} />
      <ExpectedHold rules={holds} />
      <ContentFacts summary={summary} />
      <Events events={summary.events} />
      <Properties properties={summary.properties} />
      <Times time={summary.time} />
      <Notes summary={summary} />
    </>
  )
}
