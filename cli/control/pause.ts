import { withoutPause, withPause } from '../../lambda/control/brake.ts'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { changeBrake, currentBrake } from './brake-document.ts'
import { brakeJson, momentText } from './brake-text.ts'
import { writeMessage } from '../terminal/output.ts'

export interface PauseFlags extends DeploymentFlags {
  readonly json: boolean
}

/** Pauses all imports until `resume`. */
export async function pause(flags: PauseFlags): Promise<ExitCode> {
  const deployment = await findDeployment(flags)
  const now = new Date().toISOString()
  const brake = await changeBrake(deployment, (current) => (current.paused === undefined ? withPause(current, now) : current))
  const since = brake.paused?.since ?? now
  if (flags.json) process.stdout.write(brakeJson(brake))
  writeMessage(
    process.stderr,
    `${since === now ? 'All imports are paused.' : `All imports were paused already, ${momentText(since)}.`} ` +
      'Those that run stop within 10 seconds.\n' +
      `To let them continue: npx km-import resume${deploymentOptionsOf(flags)}\n`,
  )
  return EXIT.ok
}

/** Lets paused imports continue. */
export async function resume(flags: PauseFlags): Promise<ExitCode> {
  const deployment = await findDeployment(flags)
  const { paused } = await currentBrake(deployment)
  const brake = await changeBrake(deployment, (current) => (current.paused === undefined ? current : withoutPause(current)))
  if (flags.json) process.stdout.write(brakeJson(brake))
  writeMessage(process.stderr, paused !== undefined ? 'Imports continue within about a minute.\n' : 'Imports were not paused.\n')
  return EXIT.ok
}
