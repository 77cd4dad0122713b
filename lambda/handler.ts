import { cloudWatchLog } from './adapters/log.ts'
import { withOriginalStack } from './adapters/stack-trace.ts'
import { limitYoungSpace } from './adapters/young-space.ts'
import { createHandler, createWaitingHandler, type Handler } from './app.ts'
import { SetupError } from './errors.ts'
import type { InvocationContext } from './ports.ts'

const log = cloudWatchLog(process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'kissmetrics-importer')
const handle = createHandlerOrWait()

// Errors of the AWS SDK are thrown more than Node's ten frames away from our own code.
Error.stackTraceLimit = 40

limitYoungSpace()

/** The handler of the deployed Lambda function. */
export async function handler(event: unknown, context: InvocationContext): Promise<unknown> {
  log.begin(context.awsRequestId)
  try {
    return await handle(event, context)
  } catch (error) {
    throw withOriginalStack(error) // the runtime logs it
  } finally {
    log.publish()
  }
}

/** An error while the function is loaded would use up a delivery of each message. */
function createHandlerOrWait(): Handler {
  try {
    return createHandler(process.env, log)
  } catch (error) {
    if (error instanceof SetupError) return createWaitingHandler(error, process.env, log)
    throw withOriginalStack(error)
  }
}
