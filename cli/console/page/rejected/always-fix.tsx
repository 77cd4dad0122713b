import { useState } from 'preact/hooks'
import type { RuleTrial } from '../../api-types.ts'
import { announce } from '../announce.ts'
import { messageOf, saveRule, tryRule } from '../api-client.ts'
import { Notice } from '../components/notice.tsx'
import { counted, grouped, visible } from '../format.ts'

interface AlwaysFixProps {
  /** Of the files that the lines come from. */
  readonly prefix: string
  readonly fixes: readonly string[]
}

type Step =
  | { readonly kind: 'offered'; readonly error?: string }
  | { readonly kind: 'busy' }
  | { readonly kind: 'tried'; readonly trial: RuleTrial }
  | { readonly kind: 'saved' }

/** Makes the chosen fixes rules of the prefix, after their effect on its last files was shown. */
export function AlwaysFix({ prefix, fixes }: AlwaysFixProps) {
  const [step, setStep] = useState<Step>({ kind: 'offered' })
  const run = async (next: () => Promise<Step>) => {
    setStep({ kind: 'busy' })
    try {
      setStep(await next())
    } catch (error) {
      setStep({ kind: 'offered', error: messageOf(error) })
    }
  }
  const shown = visible(prefix)
  switch (step.kind) {
    case 'offered':
      return (
        <>
          {step.error !== undefined && (
            <Notice tone="error" role="alert">
              {step.error}
            </Notice>
          )}
          <div class="actions">
            <button
              type="button"
              onClick={() => void run(async () => ({ kind: 'tried', trial: await tryRule({ prefix, fixes }) }))}
            >
              Always do this for files under {shown}
            </button>
          </div>
        </>
      )
    case 'busy':
      return <p role="status">Trying it on the last files under {shown}…</p>
    case 'tried':
      return (
        <TriedRule
          prefix={shown}
          trial={step.trial}
          onSave={() =>
            void run(async () => {
              await saveRule({ prefix, fixes })
              announce('The rule is saved.')
              return { kind: 'saved' }
            })
          }
          onCancel={() => {
            setStep({ kind: 'offered' })
          }}
        />
      )
    case 'saved':
      return (
        <Notice tone="good">
          Saved. From now on this is done by itself in each file under {shown}, when its import begins. The lines that are listed
          here are still to be sent.
        </Notice>
      )
  }
}

interface TriedRuleProps {
  readonly prefix: string
  readonly trial: RuleTrial
  readonly onSave: () => void
  readonly onCancel: () => void
}

function TriedRule({ prefix, trial, onSave, onCancel }: TriedRuleProps) {
  const { lost, refusal } = trial
  return (
    <>
      <p role="status">{trialText(prefix, trial)}</p>
      {lost.length > 0 && (
        <Notice tone="warning">
          Files under {prefix} have the rules of a shorter prefix now. These would no longer apply to them:{' '}
          {lost.map((name) => visible(name)).join(', ')}.
        </Notice>
      )}
      {refusal !== undefined && (
        <Notice tone="error" role="alert">
          {refusal}
        </Notice>
      )}
      <div class="actions">
        {refusal === undefined && (
          <button type="button" class="main" onClick={onSave}>
            Save as a rule for {prefix}
          </button>
        )}
        <button type="button" onClick={onCancel}>
          {refusal === undefined ? 'Not now' : 'Close'}
        </button>
      </div>
    </>
  )
}

function trialText(prefix: string, { files, lines, rejectedBefore, rejectedAfter, validChanged, unchanged }: RuleTrial): string {
  if (files === 0) return `There are no files under ${prefix} any more, so nothing could be checked.`
  const changes = counted(validChanged, 'valid line changes', 'valid lines change')
  return `Of ${counted(lines, 'line')} in the last ${counted(files, 'file')}: ${grouped(rejectedBefore)} rejected now, ${grouped(rejectedAfter)} with this; ${grouped(unchanged)} unchanged; ${changes}.`
}
