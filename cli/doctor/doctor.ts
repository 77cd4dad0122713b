import { SetupError } from '../../lambda/errors.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { examine } from './examine.ts'
import type { Finding } from './finding.ts'
import { findingText, totalText } from './finding-text.ts'

export interface DoctorFlags {
  readonly stack?: string
  readonly json: boolean
}

/**
 * Checks a deployed stack with the user's credentials, and changes nothing.
 *
 * stdout gets the findings, or one JSON document. stderr gets the total.
 */
export async function doctor({ stack, json }: DoctorFlags): Promise<ExitCode> {
  if (stack === undefined)
    throw new SetupError(
      'The doctor checks a deployed stack: name it with --stack, for example --stack KissmetricsImporter. On this computer, npm start says itself what is wrong.',
    )
  const findings: Finding[] = []
  for await (const finding of examine(stack)) {
    findings.push(finding)
    if (!json) process.stdout.write(findingText(finding, process.stdout))
  }
  if (json) process.stdout.write(`${JSON.stringify({ stack, findings }, null, 2)}\n`)
  process.stderr.write(totalText(findings))
  return findings.some(({ result }) => result === 'wrong') ? EXIT.somethingWrong : EXIT.ok
}
