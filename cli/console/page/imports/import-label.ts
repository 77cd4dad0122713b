import { counted } from '../format.ts'
import { targetName } from '../target-name.ts'
import type { FileCheck } from './check-file.ts'

/** True if at least one line could be sent, or the check cannot know it. */
export function canImport(check: FileCheck | undefined): boolean {
  return check !== undefined && check.refusal === undefined && (check.ready > 0 || check.extent !== 'complete')
}

/** Names how many lines are sent, and to whom. */
export function importLabel(check: FileCheck | undefined): string {
  const what = check?.extent === 'complete' ? counted(check.ready, 'line') : 'the file'
  return `Import ${what} to ${targetName.value}`
}
