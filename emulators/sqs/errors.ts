/** What SQS answers when it does not do what was asked: a code for the JSON protocol, and the older one that tools still match on. */
export class SqsError extends Error {
  override readonly name = 'SqsError'
  /** With its namespace, as the JSON protocol has it. */
  readonly type: string
  readonly queryCode: string
  readonly status: number

  constructor(type: string, message: string, queryCode: string = type, status = 400) {
    super(message)
    this.type = type.includes('#') ? type : `com.amazonaws.sqs#${type}`
    this.queryCode = queryCode
    this.status = status
  }
}

export function invalidParameter(message: string): SqsError {
  return new SqsError('InvalidParameterValue', message)
}

/** @param bounds in the words of AWS, such as `Must be between 1 and 10, if provided.` */
export function outOfBounds(name: string, value: string | number, bounds: string): SqsError {
  return invalidParameter(`Value ${value} for parameter ${name} is invalid. Reason: ${bounds}`)
}

export function invalidAttribute(message: string): SqsError {
  return new SqsError('InvalidAttributeValue', message)
}

export function unknownAttribute(name: string): SqsError {
  return new SqsError('InvalidAttributeName', `Unknown Attribute ${name}.`)
}

export function missingParameter(name: string): SqsError {
  return new SqsError(
    'com.amazon.coral.service#MissingRequiredParameterException',
    `The request must contain the parameter ${name}.`,
    'MissingParameter',
  )
}

export function noSuchQueue(): SqsError {
  return new SqsError('QueueDoesNotExist', 'The specified queue does not exist.', 'AWS.SimpleQueueService.NonExistentQueue')
}

/** @param parameter that names what is not there */
export function noSuchResource(parameter: string): SqsError {
  return new SqsError(
    'ResourceNotFoundException',
    `The resource that you specified for the ${parameter} parameter doesn't exist.`,
  )
}

/** For what AWS has and this SQS has not: silence would pass for success. */
export function unsupported(what: string): SqsError {
  return new SqsError(
    'UnsupportedOperation',
    `${what} is not implemented by this local SQS. Leave it out, or use a queue on AWS.`,
    'AWS.SimpleQueueService.UnsupportedOperation',
  )
}

/** For a request that cannot be read. */
export function unreadable(message: string, status = 400): SqsError {
  return new SqsError('com.amazon.coral.service#SerializationException', message, 'MalformedInput', status)
}
