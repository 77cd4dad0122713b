import { withLimit, withoutLimit } from '../../lambda/control/brake.ts'
import { SetupError } from '../../lambda/errors.ts'
import { NUMBER_SETTINGS } from '../../lambda/settings/numbers.ts'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { grouped, printable, writeMessage } from '../terminal/output.ts'
import { changeBrake } from './brake-document.ts'
import { brakeJson } from './brake-text.ts'

export interface LimitFlags extends DeploymentFlags {
  readonly json: boolean
}

/** Sets or ends the limit that all invocations share. */
export async function limit(text: string, flags: LimitFlags): Promise<ExitCode> {
  const linesPerSecond = readRate(text, deploymentOptionsOf(flags))
  const deployment = await findDeployment(flags)
  const brake = await changeBrake(deployment, (current) => {
    if (current.limit?.linesPerSecond === linesPerSecond) return current
    return linesPerSecond === undefined ? withoutLimit(current) : withLimit(current, linesPerSecond)
  })
  if (flags.json) process.stdout.write(brakeJson(brake))
  writeMessage(
    process.stderr,
    linesPerSecond === undefined
      ? 'There is no limit for all imports together. Those that run notice it within 10 seconds.\n'
      : `All imports together send at most ${grouped(linesPerSecond)} lines a second. Those that run notice it within 10 seconds.\n` +
          `To end the limit: npx km-import limit off${deploymentOptionsOf(flags)}\n`,
  )
  return EXIT.ok
}

const { max } = NUMBER_SETTINGS.KM_MAX_LINES_PER_SECOND

/** @param text `500/s`, or `off` @returns lines a second; undefined for no limit @throws SetupError */
export function readRate(text: string, deploymentOptions = ''): number | undefined {
  if (text.toLowerCase() === 'off') return undefined
  const [, digits] = /^(\d{1,9})(?:\/s)?$/i.exec(text) ?? []
  const rate = Number(digits)
  if (rate >= 1 && rate <= max) return rate
  throw new SetupError(
    `The limit is "${printable(text)}": expected a whole number of lines a second from 1 to ${grouped(max)}, for example 500/s, or off. ` +
      `To send nothing at all: npx km-import pause${deploymentOptions}`,
  )
}
