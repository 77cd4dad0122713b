import { useState } from 'preact/hooks'
import type { Report } from '../../../../lambda/report/report.ts'
import { decide, messageOf } from '../api-client.ts'
import { HoldReasons } from '../check/hold-reasons.tsx'
import { confirm } from '../components/confirm-dialog.tsx'
import { Notice } from '../components/notice.tsx'
import { ForeignText } from '../components/text.tsx'
import { counted } from '../../../terminal/numbers.ts'
import { fileName } from '../format.ts'
import { targetName } from '../target.tsx'

type Decision = 'released' | 'discarded'

/** Why a file is held, and the buttons that decide about it. */
export function HoldPanel({ id, report }: { readonly id: string; readonly report: Report }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string>()
  const { file, hold, lines, state } = report
  const ask = async (decision: Decision) => {
    if (!(await confirm(confirmationOf(decision, file.key, lines.total)))) return
    setBusy(true)
    setError(undefined)
    try {
      await decide({ id, decision })
    } catch (failure) {
      setError(messageOf(failure))
    }
    setBusy(false)
  }
  return (
    <Notice tone={state === 'held' ? 'warning' : 'neutral'}>
      <strong>{state === 'held' ? 'The file is held. Nothing of it was sent.' : 'The file was held, then discarded.'}</strong>
      <HoldReasons rules={hold?.rules ?? []} />
      {state === 'held' && (
        <div class="actions">
          <button type="button" class="main" disabled={busy} onClick={() => void ask('released')}>
            Release
          </button>
          <button type="button" disabled={busy} onClick={() => void ask('discarded')}>
            Discard
          </button>
        </div>
      )}
      {error !== undefined && <p role="alert">{error}</p>}
    </Notice>
  )
}

function confirmationOf(decision: Decision, key: string, total: number) {
  const name = <ForeignText text={fileName(key)} max={80} />
  return decision === 'released'
    ? {
        title: 'Release the file?',
        text: (
          <p>
            {counted(total, 'line')} of {name} will be sent to {targetName.value}.
          </p>
        ),
        action: 'Release file',
        isSending: true,
      }
    : {
        title: 'Discard the file?',
        text: <p>Nothing of {name} is sent. To import it later, upload it again.</p>,
        action: 'Discard file',
      }
}
