/** What SQS answers when it does not do what was asked: a code for the JSON protocol, and the older one that tools still match on. */
export class SqsError extends Error {
  override readonly name = 'SqsError'
  readonly type: string
  readonly queryCode: string
  readonly status: number

  constructor(type: string, message: string, queryCode: string = type, status = 400) {
    super(message)
    this.type = type
    this.queryCode = queryCode
    this.status = status
  }
}

export function invalidParameter(message: string): SqsError {
  return new SqsError('com.amazonaws.sqs#InvalidParameterValue', message, 'InvalidParameterValue')
}

export function invalidAttribute(message: string): SqsError {
  return new SqsError('com.amazonaws.sqs#InvalidAttributeValue', message, 'InvalidAttributeValue')
}

export function missingParameter(name: string): SqsError {
  return new SqsError(
    'com.amazonaws.sqs#MissingRequiredParameterException',
    `The request must contain the parameter ${name}.`,
    'MissingParameter',
  )
}

export function noSuchQueue(): SqsError {
  return new SqsError('com.amazonaws.sqs#QueueDoesNotExist', 'The specified queue does not exist.', 'AWS.SimpleQueueService.NonExistentQueue')
}

export function noSuchResource(what: string): SqsError {
  return new SqsError('com.amazonaws.sqs#ResourceNotFoundException', `The resource that you specified for the ${what} parameter doesn't exist.`, 'ResourceNotFoundException')
}
