import { EXIT, type ExitCode } from '../terminal/exit.ts'
import type { Finding } from './finding.ts'
import { findingText, totalText } from './finding-text.ts'
import { examineLocal, type LocalDoctorFlags } from './local/examine-local.ts'

export interface DoctorFlags extends LocalDoctorFlags {
  /** Name of a deployed stack. Left out: this computer. */
  readonly stack?: string
  readonly json: boolean
}

/**
 * Checks a deployed stack with the user's credentials, or what local mode needs on this computer, and changes nothing.
 *
 * stdout gets the findings, or one JSON document. stderr gets the total.
 */
export async function doctor(flags: DoctorFlags): Promise<ExitCode> {
  const { stack, json } = flags
  const findings: Finding[] = []
  for await (const finding of stack === undefined ? examineLocal(flags) : await examineStack(stack)) {
    findings.push(finding)
    if (!json) process.stdout.write(findingText(finding, process.stdout))
  }
  if (json) process.stdout.write(`${JSON.stringify({ ...(stack !== undefined && { stack }), findings }, null, 2)}\n`)
  process.stderr.write(totalText(findings))
  return findings.some(({ result }) => result === 'wrong') ? EXIT.somethingWrong : EXIT.ok
}

/** Loads the clients of AWS, which the other checks do not need. */
async function examineStack(stack: string): Promise<AsyncIterable<Finding>> {
  const { examine } = await import('./examine.ts')
  return examine(stack)
}
