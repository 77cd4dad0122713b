import { useState } from 'preact/hooks'
import { ViewTitle } from '../components/view-title.tsx'
import { rejectedHref, type Route } from '../route.ts'
import { RejectedList, type ListState } from './rejected-list.tsx'
import { SentLines } from './sent-lines.tsx'

const PAGE_ROWS = 100
const ROWS_OF_FILE = 25

interface RejectedLinesViewProps {
  readonly route: Extract<Route, { readonly kind: 'rejected' }>
}

/** The rejected lines of all files. The address contains the filter and the page. */
export function RejectedLinesView({ route: { filter, offset, order } }: RejectedLinesViewProps) {
  return (
    <>
      <ViewTitle>Rejected lines</ViewTitle>
      <SentLines />
      <RejectedList
        state={{ filter, offset, order }}
        limit={PAGE_ROWS}
        onChange={(next) => {
          location.hash = rejectedHref(next.filter, next.offset, next.order)
        }}
      />
    </>
  )
}

/** The rejected lines of one file, as a part of the view of its import. */
export function RejectedLinesOfFile({ file }: { readonly file: string }) {
  const [state, setState] = useState<ListState>({ filter: { file }, offset: 0, order: 'file' })
  return <RejectedList state={state} limit={ROWS_OF_FILE} onChange={setState} isOfOneFile />
}
