import { useEffect, useRef, useState } from 'preact/hooks'
import type { ImportSummary } from '../../api-types.ts'
import type { PersonMessage } from '../../person/person-result.ts'
import { announce } from '../announce.ts'
import { fetchOverview, fetchReport, findPerson, isAborted, messageOf } from '../api-client.ts'
import { answerText, type Finding } from './findings.ts'

/** As many as the console lists. */
const MAX_IMPORTS = 200

export interface PersonSearch {
  /** Files to search. */
  readonly files: number
  /** Imports that the console does not list. */
  readonly unlisted: number
  readonly findings: readonly Finding[]
  /** The file that is searched now, and how many of its lines were. */
  readonly current?: { readonly summary: ImportSummary; readonly searched: number }
  readonly error?: string
  readonly isStopped?: boolean
}

/** Searches one file after the other, the newest first. @param id of the only import to search */
export function usePersonSearch(id: string | undefined) {
  const [search, setSearch] = useState<PersonSearch>()
  const running = useRef<AbortController>(undefined)
  const stop = () => {
    running.current?.abort()
    running.current = undefined
  }
  useEffect(() => stop, [])
  const start = (identity: string) => {
    stop()
    const controller = new AbortController()
    running.current = controller
    const show = (next: PersonSearch) => {
      if (!controller.signal.aborted) setSearch(next)
    }
    setSearch(undefined)
    searchImports(identity, id, show, controller.signal).catch((error: unknown) => {
      if (!isAborted(error)) show({ files: 0, unlisted: 0, findings: [], error: messageOf(error) })
    })
  }
  return {
    search,
    start,
    stop: () => {
      stop()
      setSearch((before) => {
        if (before === undefined) return undefined
        const { current: _current, ...rest } = before
        return { ...rest, isStopped: true }
      })
    },
  }
}

async function searchImports(
  identity: string,
  id: string | undefined,
  show: (search: PersonSearch) => void,
  signal: AbortSignal,
): Promise<void> {
  const { imports, unlisted } = await importsToSearch(id, signal)
  const findings: Finding[] = []
  const state = { files: imports.length, unlisted }
  for (const summary of imports) {
    const finding = await searchImport(identity, summary, signal, (searched) => {
      show({ ...state, findings: [...findings], current: { summary, searched } })
    })
    findings.push(finding)
  }
  show({ ...state, findings })
  announce(answerText(findings, imports.length))
}

async function importsToSearch(
  id: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly imports: readonly ImportSummary[]; readonly unlisted: number }> {
  if (id !== undefined) return { imports: [{ id, report: await fetchReport(id, signal) }], unlisted: 0 }
  const { imports, total } = await fetchOverview(MAX_IMPORTS, signal)
  return { imports: imports.filter(({ report }) => report.state !== 'skipped'), unlisted: total - imports.length }
}

async function searchImport(
  identity: string,
  summary: ImportSummary,
  signal: AbortSignal,
  onProgress: (searched: number) => void,
): Promise<Finding> {
  let finding: Finding = { summary, error: 'The search ended early. Try again.' }
  onProgress(0)
  const onMessage = (message: PersonMessage) => {
    if (message.kind === 'progress') onProgress(message.searched)
    else finding = { summary, ...(message.kind === 'result' ? { result: message.result } : { error: message.error }) }
  }
  try {
    await findPerson({ id: summary.id, identity }, onMessage, signal)
  } catch (error) {
    if (isAborted(error)) throw error
    return { summary, error: messageOf(error) }
  }
  return finding
}
