import { useEffect, useState } from 'preact/hooks'
import type { FixOutlook, RejectedFilter } from '../../api-types.ts'
import { askFix, isAborted, messageOf } from '../api-client.ts'
import { Notice, Prose } from '../components.tsx'
import { counted, fileName, grouped } from '../format.ts'
import { meansOf, type FixSuggestion } from '../labels.ts'
import { Changed, Fixes, fixLabel } from './fixes.tsx'
import { send } from './send.tsx'

interface FixAllProps {
  readonly filter: RejectedFilter
  readonly matching: number
  readonly suggestion: FixSuggestion | undefined
  /** Lines were sent: the list is another by now. */
  readonly onSent: () => void
}

/** Mends everything that a filter leaves, however much it is: what would come of it is shown first. */
export function FixAll({ filter, matching, suggestion, onSent }: FixAllProps) {
  const [fixes, setFixes] = useState<readonly string[]>([])
  const [isBusy, setIsBusy] = useState(false)
  const { outlook, trouble, isAsking, fail } = useOutlook(filter, fixes, matching)
  const valid = outlook?.valid ?? 0
  const onSend = async () => {
    try {
      const replayed = await send({ isAll: true, filter, fixes }, valid, (outlook?.deadLetters ?? 0) - valid, () => {
        setIsBusy(true)
      })
      if (replayed !== undefined) onSent()
    } catch (error) {
      fail(messageOf(error))
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <section class="sheet" aria-labelledby="mend-all-title">
      <h2 id="mend-all-title">Mend all {counted(matching, 'line')} alike</h2>
      <Fixes
        suggestion={suggestion}
        onFix={(name) => {
          setFixes([...fixes.filter((other) => other !== name), name])
        }}
      />
      {fixes.length > 0 && (
        <ul class="chips" aria-label="Chosen fixes">
          {fixes.map((name) => (
            <li key={name}>
              <button
                type="button"
                class="chip on"
                aria-label={`Do without: ${fixLabel(name)}`}
                onClick={() => {
                  setFixes(fixes.filter((other) => other !== name))
                }}
              >
                {fixLabel(name)} <span aria-hidden="true">×</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {trouble !== undefined && (
        <Notice tone="bad" role="alert">
          {trouble}
        </Notice>
      )}
      <div role="status">
        {outlook === undefined ? (
          <p class="soft">Looking at all of them…</p>
        ) : (
          <OutlookText outlook={outlook} hasFixes={fixes.length > 0} />
        )}
      </div>
      {outlook !== undefined && <Examples outlook={outlook} />}
      <div class="actions">
        <button type="button" class="main" disabled={valid === 0 || isBusy || isAsking} onClick={() => void onSend()}>
          {isBusy ? 'Sending…' : `Send ${counted(valid, 'line')} to Kissmetrics`}
        </button>
      </div>
    </section>
  )
}

function OutlookText({
  outlook: { deadLetters, changed, valid },
  hasFixes,
}: {
  readonly outlook: FixOutlook
  readonly hasFixes: boolean
}) {
  return (
    <p>
      {hasFixes && (
        <>
          This changes {grouped(changed)} of {counted(deadLetters, 'line')}.{' '}
        </>
      )}
      <strong>
        {grouped(valid)} of {grouped(deadLetters)} can be sent {hasFixes ? 'then' : 'as they are'}
      </strong>
      {valid < deadLetters && <>; {counted(deadLetters - valid, 'stays', 'stay')} here</>}.
    </p>
  )
}

function Examples({ outlook: { examples } }: { readonly outlook: FixOutlook }) {
  if (examples.length === 0) return null
  return (
    <ul class="examples" aria-label="Examples">
      {examples.map(({ key, lineNumber, before, after, reason }) => (
        <li key={`${key} ${lineNumber ?? ''}`}>
          <span class="soft">
            {fileName(key)}
            {lineNumber !== undefined && `, line ${grouped(lineNumber)}`}
          </span>
          <Changed before={before} after={after} />
          {reason !== undefined && (
            <p class="verdict bad">
              Cannot be sent yet: <Prose text={meansOf(reason)} />
            </p>
          )}
        </li>
      ))}
    </ul>
  )
}

const PATIENCE_MS = 200

function useOutlook(filter: RejectedFilter, fixes: readonly string[], matching: number) {
  const [answer, setAnswer] = useState<{ readonly outlook?: FixOutlook; readonly trouble?: string; readonly isAsking: boolean }>({
    isAsking: true,
  })
  useEffect(() => {
    const controller = new AbortController()
    setAnswer(({ outlook }) => ({ ...(outlook !== undefined && { outlook }), isAsking: true }))
    const timer = setTimeout(() => {
      askFix({ filter, fixes }, controller.signal).then(
        (outlook) => {
          setAnswer({ outlook, isAsking: false })
        },
        (error: unknown) => {
          if (!isAborted(error)) setAnswer({ trouble: messageOf(error), isAsking: false })
        },
      )
    }, PATIENCE_MS)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [JSON.stringify(filter), fixes, matching])
  const fail = (trouble: string) => {
    setAnswer(({ outlook }) => ({ ...(outlook !== undefined && { outlook }), trouble, isAsking: false }))
  }
  return { ...answer, fail }
}
