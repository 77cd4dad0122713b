import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import type { Safety } from '../../../lambda/jobs/safety.ts'
import { safetyKey } from '../../../lambda/keys.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import { FILE, goodLine, invocation, MemoryCloud, type MemoryCloudOptions } from '../../support/memory-cloud.ts'

/** More than two identities that become one person trip a rule. */
export const HOLD = { ...HOLD_NOTHING, aliases: 2 }

export const aliases = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `{"_p":"p${n}","_p2":"all@example.com","_t":1393344604}`)

export const GOOD = [goodLine(1), goodLine(2), goodLine(3)]
/** Lines that trip a rule. */
export const BAD = [goodLine(1), ...aliases(4), goodLine(2)]

export function cloudWith(lines: readonly string[], options: MemoryCloudOptions = {}): MemoryCloud {
  const cloud = new MemoryCloud({ ...options, limits: { hold: HOLD, ...options.limits } })
  cloud.put(...lines)
  return cloud
}

export const run = (cloud: MemoryCloud, task: Task = newTask(FILE)) => importFile(task, cloud.ports, invocation())

/** Everything that is queued, in order. */
export async function runQueued(cloud: MemoryCloud): Promise<void> {
  for (let next = cloud.queued.shift(); next !== undefined; next = cloud.queued.shift()) await run(cloud, next.task)
}

export const safetyOf = (cloud: MemoryCloud) => cloud.read(safetyKey(FILE)) as Safety | undefined
