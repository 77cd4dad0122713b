import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { BAD_LINE, FILE, goodLine, invocation, MemoryCloud, type MemoryCloudOptions } from '../../support/memory-cloud.ts'

/** Two valid lines, and a rejected one between them. */
export const LINES = [goodLine(1), BAD_LINE, goodLine(2)]

/** A bucket with a file of these lines. */
export function withFile(options: MemoryCloudOptions = {}): MemoryCloud {
  const cloud = new MemoryCloud(options)
  cloud.put(...LINES)
  return cloud
}

/** Imports the file, and everything that is queued meanwhile. */
export async function importAll(cloud: MemoryCloud, first: Task = newTask(FILE)): Promise<void> {
  for (let task: Task | undefined = first; task !== undefined; task = cloud.queued.shift()?.task)
    await importFile(task, cloud.ports, invocation())
}
