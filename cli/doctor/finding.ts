import { SetupError } from '../../lambda/errors.ts'
import { printable } from '../terminal/escape.ts'

/** What the doctor found in one place. */
export interface Finding {
  /** The place, for example "import queue". */
  readonly check: string
  readonly result: 'ok' | 'warning' | 'wrong' | 'not checked'
  /** What was found, and what it means, in one or two sentences. */
  readonly text: string
  /** Commands that cure it, or show more. Each works when it is pasted. */
  readonly commands?: readonly string[]
}

/** Makes the findings of one place. */
export function findingsOf(check: string) {
  const finding =
    (result: Finding['result']) =>
    (text: string, ...commands: readonly string[]): Finding => ({ check, result, text, ...(commands.length > 0 && { commands }) })
  return { ok: finding('ok'), warning: finding('warning'), wrong: finding('wrong'), notChecked: finding('not checked') }
}

/**
 * Runs a check. If AWS refuses its calls, the finding is that it was not done: the other checks are still worth doing.
 *
 * @param actions IAM actions that the check needs
 */
export async function tryCheck(
  check: string,
  actions: readonly string[],
  run: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await run()
  } catch (error) {
    const { notChecked } = findingsOf(check)
    if (isAccessDenied(error)) return [notChecked(`Your credentials do not allow ${actions.join(', ')}.`)]
    if (!(error instanceof Error && '$metadata' in error)) throw error
    return [notChecked(`AWS refused to answer (${printable(`${error.name}: ${error.message}`)}). Run the doctor again.`)]
  }
}

/** Whether AWS refused a call because the user has no permission for it. */
export function isAccessDenied(error: unknown): boolean {
  const cause = error instanceof SetupError ? error.cause : error
  return cause instanceof Error && (/^AccessDenied/.test(cause.name) || /\bnot authorized to perform\b/.test(cause.message))
}
