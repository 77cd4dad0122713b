/** S3 and SQS of a run. This process is never killed. argv: the folder for their state. */
import { advanceClock } from './clock-offset.ts' // first, because other modules keep a reference to the clock
import { startLocalServices } from '../../../cli/local/services.ts'
import { TEST_WIRING } from '../../support/installation.ts'
import { onParentMessage, sendToParent } from './child.ts'
import type { AwsReady, ToAws } from './ipc-messages.ts'

const [folder = ''] = process.argv.slice(2)
const services = await startLocalServices(folder, 0, TEST_WIRING)
onParentMessage((message) => {
  advanceClock((message as ToAws).ms)
})
const { credentials, s3Url, sqsUrl, importQueueUrl, importQueueArn, deadLetterQueueUrl } = services
sendToParent({ kind: 'ready', credentials, s3Url, sqsUrl, importQueueUrl, importQueueArn, deadLetterQueueUrl } satisfies AwsReady)
