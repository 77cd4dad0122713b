import { useEffect } from 'preact/hooks'
import { Prose } from '../components/text.tsx'
import { ViewTitle } from '../components/view-title.tsx'
import { meansOf, isReason } from '../labels.ts'
import { FormatHelp } from './format-help.tsx'
import './help-view.css'
import type { ReasonDoc } from './read-reasons.ts'
import { ReasonExample } from './reason-example.tsx'
import { REASON_DOCS } from './reasons.ts'

/** What files look like, and every reason for which a line or a file is rejected. @param reason to show first */
export function HelpView({ reason }: { readonly reason: string | undefined }) {
  useEffect(() => {
    if (reason !== undefined) document.getElementById(reason)?.scrollIntoView()
  }, [reason])
  return (
    <>
      <ViewTitle>Formats and reasons</ViewTitle>
      <FormatHelp />
      <section aria-labelledby="reasons-help-title">
        <h2 id="reasons-help-title">Why a line or a file is rejected</h2>
        <p>A line with several problems shows only the first one.</p>
        {REASON_DOCS.map((doc) => (
          <ReasonArticle key={doc.code} doc={doc} isOpen={doc.code === reason} />
        ))}
      </section>
    </>
  )
}

function ReasonArticle({ doc, isOpen }: { readonly doc: ReasonDoc; readonly isOpen: boolean }) {
  const { code, paragraphs, source } = doc
  return (
    <details class="card reason-help" id={code} open={isOpen}>
      <summary>
        <h3>{isReason(code) ? <Prose text={meansOf(code)} /> : code}</h3> <code>{code}</code>
      </summary>
      {paragraphs.map((paragraph) => (
        <p key={paragraph}>
          <Prose text={paragraph} />
        </p>
      ))}
      <ReasonExample reason={doc} />
      {source !== undefined && (
        <p>
          <strong>At the source:</strong> <Prose text={source} />
        </p>
      )}
    </details>
  )
}
