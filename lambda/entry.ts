import { cloudWatchLog } from './adapters/log.ts'
import { createHandler } from './handler.ts'

const log = cloudWatchLog()
const answer = createHandler(process.env, log)

/** The door of the deployed function. */
export async function handler(event: unknown): Promise<unknown> {
  try {
    return await answer(event)
  } finally {
    log.flush()
  }
}
