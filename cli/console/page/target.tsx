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
      <ModeBadge /> <TargetAddress />. {isSending && importWarning.value}
    </p>
  )
}
