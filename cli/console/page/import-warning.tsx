import { isTestMode } from './overview.ts'

/** What the user must know before lines are sent. */
export function ImportWarning() {
  return <>{isTestMode.value ? 'Test mode: lines go to the Kissmetrics emulator.' : 'Imported data cannot be deleted.'}</>
}
