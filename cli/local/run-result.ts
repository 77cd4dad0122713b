import path from 'node:path'
import type { SourceFile } from '../../lambda/intake/source-file.ts'
import { s3Listing } from '../../lambda/adapters/s3-objects.ts'
import { ARCHIVED_PREFIX } from '../../lambda/keys.ts'
import { parsePlaces } from '../../lambda/settings/places.ts'
import type { ReportState } from '../../lambda/report/report.ts'
import { listObjects } from '../deployment/list-objects.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { decisionCommands } from '../safety/hold-text.ts'
import { countMessages } from '../deployment/queue-depth.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { counted, labelledMessage, printable, type Output } from '../terminal/output.ts'
import { BUCKET } from './addresses.ts'
import { continuousCommand, typedCommand } from './typed-command.ts'
import { DEFAULT_STATE_DIR } from './options.ts'
import { findRemainingWork } from './remaining-work.ts'
import type { LocalServices } from './services.ts'

/** Unfinished files that are named. */
const MAX_NAMES = 10

export interface EndOfRun {
  readonly services: LocalServices
  readonly stateDir: string
  /** The state of each report, by key. */
  readonly states: ReadonlyMap<string, ReportState>
  readonly isEndpointDown: boolean
  readonly isFileUnreadable: boolean
  /** The arguments of the program as typed, for the command that continues. */
  readonly args: readonly string[]
}

/**
 * The exit code of a run with `--once`, and what to do next. It is about every import in the state folder, those of earlier runs included.
 */
export async function runResult(run: EndOfRun, output: Output): Promise<ExitCode> {
  const { services, stateDir, states, isEndpointDown, isFileUnreadable, args } = run
  const { unfinished, held, withRejects } = await findRemainingWork(
    s3Listing(services.s3, parsePlaces(undefined, BUCKET), BUCKET).pages(),
    states,
  )
  const hasRejects = withRejects > 0 && (await hasDeadLetters(services))
  output.write(unfinishedText(unfinished, isEndpointDown, output))
  if (isFileUnreadable || unfinished.length > 0)
    output.write(hint('to continue, run the same command again', [typedCommand(args)], output))
  if (held.length > 0) output.write(heldHint(held, run, output))
  if (hasRejects)
    output.write(
      hint(
        `${counted(withRejects, 'file')} with lines that were not delivered; to fix them, start the importer, and pull the lines in a second terminal`,
        [continuousCommand(args), `npx km-import rejects pull -o rejects.jsonl${stateDirOption(stateDir)}`],
        output,
      ),
    )
  if (isFileUnreadable) return EXIT.unusable
  return unfinished.length > 0 || held.length > 0 || hasRejects ? EXIT.someLinesLeft : EXIT.ok
}

function heldHint(held: readonly SourceFile[], { stateDir, args }: EndOfRun, output: Output): string {
  const commands = held.slice(0, MAX_NAMES).map(({ key }) => decisionCommands(key, stateDirOption(stateDir))[0] ?? '')
  return hint(
    `${counted(held.length, 'file')} held, and nothing of ${held.length === 1 ? 'it' : 'them'} was sent. To import ${held.length === 1 ? 'it' : 'them'} all the same, start the importer, and release ${held.length === 1 ? 'it' : 'them'} in a second terminal (\`discard\` in place of \`release\` drops a file)`,
    [continuousCommand(args), ...commands],
    output,
  )
}

/** The exit code if the setup is wrong, and what to do next. */
export function setupResult(args: readonly string[], output: Output): ExitCode {
  output.write(hint('fix the setup, then run the same command again; it continues', [typedCommand(args)], output))
  return EXIT.unusable
}

function unfinishedText(unfinished: readonly SourceFile[], isEndpointDown: boolean, output: Output): string {
  const why = isEndpointDown ? ', because the endpoint is down' : ''
  const names = unfinished.slice(0, MAX_NAMES).map(({ key }) => `${printable(key)} is not finished${why}.`)
  const more = unfinished.length - names.length
  if (more > 0) names.push(`${counted(more, 'more file')} not finished${why}.`)
  return names.map((name) => labelledMessage(output, 'red', 'error:', name)).join('')
}

export function stateDirOption(stateDir: string): string {
  return deploymentOptionsOf({ stateDir: stateDir === path.resolve(DEFAULT_STATE_DIR) ? DEFAULT_STATE_DIR : stateDir })
}

/** Each command has a row of its own, so that it can be copied. */
function hint(sentence: string, commands: readonly string[], output: Output): string {
  return `${labelledMessage(output, 'yellow', 'next:', `${sentence}:`)}${commands.map((command) => `  ${command}\n`).join('')}`
}

/** Whether rejected lines wait for a person: in the dead-letter queue, or archived. A replay removes them. */
async function hasDeadLetters({ s3, sqs, deadLetterQueueUrl }: LocalServices): Promise<boolean> {
  if ((await countMessages(sqs, deadLetterQueueUrl)) > 0) return true
  for await (const _archived of listObjects(s3, BUCKET, ARCHIVED_PREFIX)) return true
  return false
}
