import { computed } from '@preact/signals'
import { overview } from './overview.ts'
import './target.css'

/** Lines go to the Kissmetrics emulator, not to Kissmetrics. */
export const isTestMode = computed(() => overview.value?.target.emulatorUrl !== undefined)

/** Who receives lines, for sentences: "Send 3 lines to …". */
export const targetName = computed(() => {
  if (isTestMode.value) return 'the Kissmetrics emulator'
  const host = overview.value?.target.endpointHost
  return host === undefined || host.endsWith('.kissmetrics.io') ? 'Kissmetrics' : host
})

/** TEST MODE or LIVE. Differs in colour, words and border. */
export function ModeBadge() {
  if (overview.value === undefined) return null
  return isTestMode.value ? <span class="mode test">TEST MODE</span> : <span class="mode live">LIVE</span>
}

/** The host and the key that lines go to. */
export function TargetAddress() {
  const { endpointHost, keyEnding } = overview.value?.target ?? {}
  return (
    <>
      {endpointHost ?? 'unknown endpoint'}, {keyEnding === undefined ? 'API key not known here' : <>API key …{keyEnding}</>}
    </>
  )
}

/** Where lines go, and what cannot be undone there: part of every confirmation. */
export function TargetNote({ isSending = false }: { readonly isSending?: boolean }) {
  return (
    <p class="target-note">
      <ModeBadge /> <TargetAddress />. {isSending && <ImportWarning />}
    </p>
  )
}

/** What the user must know before lines are sent. */
export function ImportWarning() {
  return <>{isTestMode.value ? 'Nothing leaves this computer.' : 'Imported data cannot be deleted.'}</>
}
