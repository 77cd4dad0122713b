import type { ArchiveRequest, DiscardRequest, RejectedFilter, RejectedRow } from '../../api-types.ts'
import { archive, discard, retryFailedImports } from '../api-client.ts'
import { confirm } from '../components/confirm-dialog.tsx'
import { counted, fileName } from '../format.ts'
import { hrefOf } from '../route.ts'
import { addDrafts } from './drafts.ts'

/*
 * What the user can do with rejected lines. Each action returns a text to announce, or undefined if the user canceled.
 */

export function openFixView(rows: readonly RejectedRow[]): void {
  addDrafts(rows)
  location.hash = hrefOf({ kind: 'fix' })
}

export async function keepExpiring(): Promise<string | undefined> {
  const { archived } = await archive({ expiringSoon: true })
  return `${counted(archived, 'line')} kept. They do not expire anymore.`
}

export async function archiveLines(request: ArchiveRequest, count: number): Promise<string | undefined> {
  const lines = counted(count, 'line')
  const isConfirmed = await confirm({
    title: `Archive ${lines}?`,
    text: <p>They move from this list to “Archived”. Nothing is deleted: you can still fix and send them from there.</p>,
    action: `Archive ${lines}`,
  })
  if (!isConfirmed) return undefined
  const { archived } = await archive(request)
  return `${counted(archived, 'line')} archived.`
}

export async function discardLines(request: DiscardRequest, count: number): Promise<string | undefined> {
  const lines = counted(count, 'line')
  const isConfirmed = await confirm({
    title: `Discard ${lines}?`,
    text: (
      <p>
        They are not sent, and their import no longer counts them as open. A copy stays in the bucket. You cannot undo this here.
      </p>
    ),
    action: `Discard ${lines}`,
  })
  if (!isConfirmed) return undefined
  const { discarded, missing } = await discard(request)
  const rest =
    missing === 0 ? '' : ` ${counted(missing, 'line')} could not be discarded: others use them. Try again in 5 minutes.`
  return `${counted(discarded, 'line')} discarded.${rest}`
}

export async function retryImports(filter: RejectedFilter): Promise<string | undefined> {
  const isConfirmed = await confirm({
    title: filter.file === undefined ? 'Retry the failed imports?' : `Retry ${fileName(filter.file)}?`,
    text: <p>Each import continues where it stopped. Fix the cause before you retry.</p>,
    action: 'Retry',
    isSending: true,
  })
  if (!isConfirmed) return undefined
  const { imports } = await retryFailedImports(filter)
  return `${counted(imports, 'import')} will be retried.`
}
