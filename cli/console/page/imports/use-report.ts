import { useEffect, useState } from 'preact/hooks'
import type { Report } from '../../../../lambda/report/report.ts'
import { fetchReport, isAborted, messageOf } from '../api-client.ts'
import { overview } from '../overview.ts'

interface ReportResult {
  readonly report?: Report
  readonly error?: string
}

/** The report of an import: from the overview if that lists it, otherwise fetched, and again with each poll until the import ends. */
export function useReport(id: string): ReportResult {
  const current = overview.value
  const listed = current?.imports.find((summary) => summary.id === id)?.report
  const [fetched, setFetched] = useState<ReportResult & { readonly id: string }>({ id })
  const own: ReportResult = fetched.id === id ? fetched : {}
  const hasEnded = own.report !== undefined && own.report.state !== 'importing'
  const mustFetch = current !== undefined && listed === undefined && !hasEnded
  useEffect(() => {
    if (!mustFetch) return
    const controller = new AbortController()
    fetchReport(id, controller.signal).then(
      (report) => {
        setFetched({ id, report })
      },
      (error: unknown) => {
        if (!isAborted(error)) setFetched({ id, error: messageOf(error) })
      },
    )
    return () => {
      controller.abort()
    }
  }, [id, mustFetch, current])
  return listed === undefined ? own : { report: listed }
}
