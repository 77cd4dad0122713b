import type { ReportState } from '../../lambda/report/report.ts'
import { wrapped } from '../terminal/layout.ts'
import { shellWord, styled, type Output } from '../terminal/output.ts'

/** One event of a person who exists only for this purpose. */
export interface Canary {
  readonly person: string
  readonly event: string
  /** Seconds since 1970. */
  readonly time: number
  /** In test mode: where the Kissmetrics emulator shows the person. */
  readonly url?: string
}

export interface CanaryResult extends Canary {
  /** Key of the file in the bucket. */
  readonly file: string
  readonly state: ReportState
}

export function canaryText(result: CanaryResult, deploymentOptions: string, output: Output): string {
  return `${rowsFor(result, deploymentOptions, output).join('\n')}\n`
}

function rowsFor(
  { person, event, url, file, state }: CanaryResult,
  deploymentOptions: string,
  output: Output,
): readonly string[] {
  if (state !== 'complete')
    return [
      styled(
        output,
        'red',
        state === 'importing' ? 'The event was not delivered in time.' : `The event was not delivered: ${state}.`,
      ),
      'To see why:',
      `  npx km-import status ${shellWord(file)}${deploymentOptions}`,
    ]
  const accepted = styled(output, 'green', 'The endpoint accepted the event.')
  if (url !== undefined) return [accepted, 'It is the Kissmetrics emulator, which shows the person here:', `  ${url}`]
  return [
    accepted,
    ...wrapped(
      'The endpoint answers the same to everything, even to a wrong key, so only Kissmetrics can show that the event was counted. In the account that the key belongs to, search for the person:',
      '',
    ),
    `  ${person}`,
    ...wrapped(
      `One event must be there: "${event}". It can take some minutes. If it never appears, check the API key first.`,
      '',
    ),
  ]
}
