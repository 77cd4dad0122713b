import type { Brake } from '../../lambda/control/brake.ts'
import { grouped } from '../terminal/output.ts'

/** "since 2026-11-26 23:52 UTC". @param at ISO 8601 */
export function momentText(at: string): string {
  return `since ${at.slice(0, 16).replace('T', ' ')} UTC`
}

/** What is ordered for all imports, as rows; none if nothing is. */
export function brakeRows({ paused, limit }: Brake, deploymentOptions: string): readonly string[] {
  return [
    ...(paused === undefined
      ? []
      : [
          `All imports are paused, ${momentText(paused.since)}. To let them continue:`,
          `  npx km-import resume${deploymentOptions}`,
        ]),
    ...(limit === undefined
      ? []
      : [
          `All imports together send at most ${grouped(limit.linesPerSecond)} lines a second.`,
          `  To end the limit: npx km-import limit off${deploymentOptions}`,
        ]),
  ]
}

export function brakeJson(brake: Brake): string {
  return `${JSON.stringify(brake, null, 2)}\n`
}
