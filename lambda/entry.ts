import { cloudWatchLog } from './adapters/log.ts'
import { createHandler, type Context } from './handler.ts'

const log = cloudWatchLog()
const answer = createHandler(process.env, log)

/** The door of the deployed function. */
export async function handler(event: unknown, context: Context): Promise<unknown> {
  try {
    return await answer(event, context)
  } finally {
    log.flush()
  }
}
