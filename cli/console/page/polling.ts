import { batch } from '@preact/signals'
import type { Overview } from '../api-types.ts'
import { announce } from './announce.ts'
import { askOverview, isAborted, messageOf, Unreachable } from './api-client.ts'
import { expectedImports, findExpected, importId } from './expected-imports.ts'
import { counted, fileName } from './format.ts'
import { STATES } from './labels.ts'
import { connectionError, importLimit, overview } from './overview.ts'

const BUSY_INTERVAL_MS = 1000
const IDLE_INTERVAL_MS = 4000

let timer: ReturnType<typeof setTimeout> | undefined
let polling: AbortController | undefined
let isUploading = () => false

/** Polls the overview: every second while an import runs, every four seconds otherwise, never while the tab is hidden. */
export function startPolling(options: { readonly isUploading: () => boolean }): void {
  isUploading = options.isUploading
  document.addEventListener('visibilitychange', pollNow)
  importLimit.subscribe(pollNow)
  expectedImports.subscribe(pollNow)
}

export function pollNow(): void {
  clearTimeout(timer)
  if (document.visibilityState === 'hidden') return
  polling?.abort()
  const controller = new AbortController()
  polling = controller
  void poll(controller.signal).then(() => {
    if (controller.signal.aborted) return
    timer = setTimeout(pollNow, isBusy() ? BUSY_INTERVAL_MS : IDLE_INTERVAL_MS)
  })
}

async function poll(signal: AbortSignal): Promise<void> {
  try {
    const next = await askOverview(importLimit.value, signal)
    announceFinished(overview.value, next)
    batch(() => {
      overview.value = next
      connectionError.value = undefined
    })
  } catch (error) {
    if (isAborted(error)) return
    connectionError.value = { message: messageOf(error), isUnreachable: error instanceof Unreachable }
  }
}

function isBusy(): boolean {
  const listed = overview.value
  if (listed === undefined || isUploading()) return true
  const isImporting = listed.files.some(({ report }) => report.state === 'importing')
  const isExpecting = [...expectedImports.value].some(([key, expected]) => findExpected(listed, key, expected) === undefined)
  return isImporting || isExpecting || listed.waiting.messages > 0
}

/** Tells screen readers which imports have finished since the last poll. */
function announceFinished(before: Overview | undefined, { files }: Overview): void {
  if (before === undefined) return
  const finished = new Set(before.files.filter(({ report }) => report.state !== 'importing').map(importId))
  const texts = files
    .filter((file) => file.report.state !== 'importing' && !finished.has(importId(file)))
    .map(({ report: { file, state, lines } }) => {
      const rejected = lines.rejected + lines.undeliverable
      return `${fileName(file.key)}: ${STATES[state].words}, ${counted(lines.delivered, 'line')} delivered, ${counted(rejected, 'line')} came back.`
    })
  if (texts.length > 0) announce(texts.slice(0, 3).join(' '))
}
