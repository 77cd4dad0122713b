import type { RejectedFilter, RejectedRow } from '../../api-types.ts'
import { archive, sendBack } from '../api-client.ts'
import { confirm } from '../dialog.tsx'
import { hrefOf } from '../route.ts'
import { counted, fileName } from '../format.ts'
import { lay } from './drafts.ts'

/** What is to be put away: by its ids, or all that match. */
export type ArchiveResult = Parameters<typeof archive>[0]

export function openDesk(rows: readonly RejectedRow[]): void {
  lay(rows)
  location.hash = hrefOf({ kind: 'fix' })
}

export async function archiveExpiring(): Promise<string | undefined> {
  const { archived } = await archive({ nearTheirEnd: true })
  return `${counted(archived, 'line is', 'lines are')} kept in the bucket now.`
}

export async function archived(question: ArchiveResult, count: number): Promise<string | undefined> {
  const isYes = await confirm({
    title: `Put away ${counted(count, 'line')}?`,
    text: (
      <p>
        They are no longer among what waits. Nothing is thrown away: “Put away” has them, and from there they can still be mended
        and sent.
      </p>
    ),
    action: `Put away ${counted(count, 'line')}`,
  })
  if (!isYes) return undefined
  const { archived } = await archive(question)
  return `${counted(archived, 'line was', 'lines were')} put away.`
}

export async function tryAgain(filter: RejectedFilter): Promise<string | undefined> {
  const isYes = await confirm({
    title: filter.file === undefined ? 'Try the failed imports again?' : `Try ${fileName(filter.file)} again?`,
    text: <p>They go on where they stood. Do this when what made them fail is put right.</p>,
    action: 'Try again',
  })
  if (!isYes) return undefined
  const { works } = await sendBack(filter)
  return `${counted(works, 'import')} sent back, to be tried again.`
}
