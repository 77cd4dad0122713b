import { signal } from '@preact/signals'
import type { ReplayRequest, ReplayResult } from '../../api-types.ts'
import { announce } from '../announce.ts'
import { replay } from '../api-client.ts'
import { confirm } from '../components/confirm-dialog.tsx'
import { expectImport } from '../expected-imports.ts'
import { counted } from '../format.ts'
import { targetName } from '../target.tsx'

/** Results that the page shows until the user closes them, the newest first. */
export const sentLines = signal<readonly ReplayResult[]>([])

const MAX_RESULTS = 5

/**
 * Sends fixed lines after the user has confirmed.
 *
 * @param lines how many can be sent
 * @param staying how many of the selected lines are not valid and stay
 * @param onConfirmed called before the request
 * @returns undefined if the user canceled
 */
export async function sendLines(
  request: ReplayRequest,
  lines: number,
  staying: number,
  onConfirmed: () => void,
): Promise<ReplayResult | undefined> {
  const isConfirmed = await confirm({
    title: `Send ${counted(lines, 'line')} to ${targetName.value}?`,
    text: staying > 0 && <p>{counted(staying, 'line is not valid and stays', 'lines are not valid and stay')} here.</p>,
    action: `Send ${counted(lines, 'line')}`,
    isSending: true,
  })
  if (!isConfirmed) return undefined
  onConfirmed()
  const result = await replay(request)
  sentLines.value = [result, ...sentLines.value].slice(0, MAX_RESULTS)
  announce(`${counted(result.lines, 'line')} sent. The import starts.`)
  // The key contains a hash of the lines, so no earlier import has the same key.
  if (result.key !== undefined) expectImport(result.key, result.lines)
  return result
}

export function closeResult(result: ReplayResult): void {
  sentLines.value = sentLines.value.filter((other) => other !== result)
}
