import { batch, computed } from '@preact/signals'
import type { Overview } from '../api-types.ts'
import { announce } from './announce.ts'
import { ConsoleUnreachable, fetchOverview, isAborted, messageOf } from './api-client.ts'
import { canNotify, notifyDone } from './done-notification.ts'
import { expectedImports, findExpected, importId } from './expected-imports.ts'
import { counted, fileName } from './format.ts'
import { stateText } from './labels.ts'
import { connectionError, importLimit, overview } from './overview.ts'

const BUSY_INTERVAL_MS = 1000
const IDLE_INTERVAL_MS = 4000
const MAX_ANNOUNCED = 3

let timer: ReturnType<typeof setTimeout> | undefined
let polling: AbortController | undefined
let isUploading = () => false

/** Polls the overview: every second while an import runs, every four seconds otherwise, and while the tab is hidden only if the user waits for a notification. */
export function startPolling(options: { readonly isUploading: () => boolean }): void {
  isUploading = options.isUploading
  document.addEventListener('visibilitychange', pollNow)
  // One subscription to both, because each polls at once.
  computed(() => [importLimit.value, expectedImports.value]).subscribe(pollNow)
}

export function pollNow(): void {
  clearTimeout(timer)
  // A hidden tab only looks whether what the user waits for has ended.
  if (document.visibilityState === 'hidden' && !(canNotify() && isBusy())) return
  polling?.abort()
  const controller = new AbortController()
  polling = controller
  void poll(controller.signal).then(() => {
    if (controller.signal.aborted) return
    timer = setTimeout(pollNow, isBusy() && document.visibilityState === 'visible' ? BUSY_INTERVAL_MS : IDLE_INTERVAL_MS)
  })
}

async function poll(signal: AbortSignal): Promise<void> {
  try {
    const next = await fetchOverview(importLimit.value, signal)
    announceFinished(overview.value, next)
    batch(() => {
      overview.value = next
      connectionError.value = undefined
    })
  } catch (error) {
    if (isAborted(error)) return
    connectionError.value = { message: messageOf(error), isUnreachable: error instanceof ConsoleUnreachable }
  }
}

function isBusy(): boolean {
  const listed = overview.value
  if (listed === undefined || isUploading()) return true
  const isImporting = listed.imports.some(({ report }) => report.state === 'importing')
  const isExpecting = [...expectedImports.value].some(([key, expected]) => findExpected(listed, key, expected) === undefined)
  return isImporting || isExpecting || listed.waiting.messages > 0
}

/** Tells screen readers which imports have finished since the last poll. */
function announceFinished(before: Overview | undefined, { imports }: Overview): void {
  if (before === undefined) return
  const finished = new Set(before.imports.filter(({ report }) => report.state !== 'importing').map(importId))
  const texts = imports
    .filter((summary) => summary.report.state !== 'importing' && !finished.has(importId(summary)))
    .map(
      ({ report }) => `${fileName(report.file.key)}: ${stateText(report)}, ${counted(report.lines.delivered, 'line')} delivered.`,
    )
  if (texts.length === 0) return
  const text = texts.slice(0, MAX_ANNOUNCED).join(' ')
  announce(text)
  notifyDone(text)
}
