/** S3 and SQS of a run. Never killed. argv: the folder for their state. */
import { letTimePass } from './passing-time.ts' // first, since others keep the clock
import { startLocalServices } from '../../../cli/local/services.ts'
import { TEST_WIRING } from '../../support/installation.ts'
import { listen, tell } from './child.ts'
import type { CloudReady, ToCloud } from './messages.ts'

const [folder = ''] = process.argv.slice(2)
const { s3Url, sqsUrl, importQueueUrl, importQueueArn, deadLetterQueueUrl } = await startLocalServices(folder, 0, TEST_WIRING)
listen((message) => {
  letTimePass((message as ToCloud).ms)
})
tell({ kind: 'ready', s3Url, sqsUrl, importQueueUrl, importQueueArn, deadLetterQueueUrl } satisfies CloudReady)
