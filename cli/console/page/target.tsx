import { overview } from './overview.ts'
import { importWarning, isTestMode } from './target-name.ts'
import './target.css'

export { isTestMode, targetName } from './target-name.ts'

/** TEST MODE or LIVE. Differs in colour, words and border. */
export function ModeBadge() {
  if (overview.value === undefined) return null
  return isTestMode.value ? <span class="mode test">TEST MODE</span> : <span class="mode live">LIVE</span>
}

/** The host and the key that lines go to. */
export function TargetAddress() {
  return (
    <>
      {overview.value?.target.endpointHost ?? 'unknown endpoint'}, <KeyEnding />
    </>
  )
}

/** The same, with a link to the Kissmetrics emulator in place of its host. */
export function TargetLink() {
  const { emulatorUrl, endpointHost } = overview.value?.target ?? {}
  if (emulatorUrl === undefined) return <TargetAddress />
  return (
    <>
      <a href={emulatorUrl} title={endpointHost} target="_blank" rel="noreferrer">
        Kissmetrics emulator
      </a>
      , <KeyEnding />
    </>
  )
}

function KeyEnding() {
  const keyEnding = overview.value?.target.keyEnding
  return keyEnding === undefined ? <>API key not known here</> : <>API key …{keyEnding}</>
}

/** Where lines go, and what cannot be undone there: part of every confirmation. */
export function TargetNote({ isSending = false }: { readonly isSending?: boolean }) {
  return (
    <p class="target-note">
      <ModeBadge /> <TargetAddress />. {isSending && importWarning.value}
    </p>
  )
}
