import { cloudWatchLog } from './adapters/log.ts'
import { createHandler, type Context } from './app.ts'

const log = cloudWatchLog(process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'kissmetrics-importer')
const answer = createHandler(process.env, log)

/** The door of the deployed function. */
export async function handler(event: unknown, context: Context): Promise<unknown> {
  try {
    return await answer(event, context)
  } finally {
    log.flush()
  }
}
