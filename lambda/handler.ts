import { cloudWatchLog } from './adapters/log.ts'
import { createHandler } from './app.ts'
import type { InvocationContext } from './ports.ts'

const log = cloudWatchLog(process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'kissmetrics-importer')
const handle = createHandler(process.env, log)

/** The handler of the deployed Lambda function. */
export async function handler(event: unknown, context: InvocationContext): Promise<unknown> {
  try {
    return await handle(event, context)
  } finally {
    log.flush()
  }
}
