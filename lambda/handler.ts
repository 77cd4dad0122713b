import { cloudWatchLog } from './adapters/log.ts'
import { createHandler } from './app.ts'
import type { InvocationContext } from './ports.ts'

const log = cloudWatchLog(process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'kissmetrics-importer')
const answer = createHandler(process.env, log)

/** The door of the deployed function. */
export async function handler(event: unknown, context: InvocationContext): Promise<unknown> {
  try {
    return await answer(event, context)
  } finally {
    log.flush()
  }
}
