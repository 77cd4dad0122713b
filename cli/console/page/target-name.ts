import { computed } from '@preact/signals'
import { overview } from './overview.ts'

/** Lines go to the Kissmetrics emulator, not to Kissmetrics. */
export const isTestMode = computed(() => overview.value?.target.emulatorUrl !== undefined)

/** Who receives lines, for sentences: "Send 3 lines to …". */
export const targetName = computed(() => {
  if (isTestMode.value) return 'the Kissmetrics emulator'
  const host = overview.value?.target.endpointHost
  return host === undefined || host.endsWith('.kissmetrics.io') ? 'Kissmetrics' : host
})

/** What the user must know before lines are sent. */
export const importWarning = computed(() =>
  isTestMode.value ? 'Nothing leaves this computer.' : 'Imported data cannot be deleted.',
)
