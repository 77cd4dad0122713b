import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import type { FileAnswer } from '../answers/file-answer.ts'
import { asError, codeOf, SetupError } from '../errors.ts'
import type { AnswerChannel, PushResult } from '../ports.ts'
import { asSetupError } from './aws-errors.ts'

/** Errors that the same answer gets at each try. */
const REFUSED: ReadonlySet<string> = new Set([
  'InvalidParameterException',
  'InvalidParameterValueException',
  'ValidationException',
])

/** An SNS topic, in the region that its ARN names. The client is made at the first answer: the cold start of an import does not wait for it. */
export function answerTopic(topicArn: string): AnswerChannel {
  const [, , , region = ''] = topicArn.split(':')
  let client: SNSClient | undefined
  return {
    name: 'topic',
    async push(answer) {
      try {
        client ??= new SNSClient({ region })
        await client.send(new PublishCommand({ TopicArn: topicArn, ...messageOf(answer) }))
        return { kind: 'accepted' }
      } catch (error) {
        return failureOf(error)
      }
    },
  }
}

/** People read the message; programs read the attribute `answer`, and can filter by `state`. */
function messageOf(answer: FileAnswer) {
  const attribute = (StringValue: string) => ({ DataType: 'String', StringValue })
  return {
    Subject: answer.subject,
    Message: answer.text,
    MessageAttributes: {
      id: attribute(answer.id),
      state: attribute(answer.state),
      answer: attribute(JSON.stringify(answer)),
    },
  }
}

function failureOf(thrown: unknown): PushResult {
  const error = asError(thrown)
  const code = codeOf(error) || codeOf(error.cause) || error.name
  const setup = error.name === 'NotFoundException' ? noTopic() : asSetupError(error, 'publish an answer')
  if (setup instanceof SetupError) return { kind: 'setup', code, detail: setup.message }
  return { kind: REFUSED.has(error.name) ? 'refused' : 'failed', code }
}

function noTopic(): SetupError {
  return new SetupError('The SNS topic for answers does not exist. Deploy the stack again, or choose another topic.')
}
