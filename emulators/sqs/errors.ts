/** An error answer of SQS. */
export class SqsError extends Error {
  override readonly name = 'SqsError'
  /** Error type of the JSON protocol, with its namespace. */
  readonly type: string
  /** Error code of the older query protocol, which tools still match on. */
  readonly code: string
  readonly status: number

  constructor(type: string, message: string, code: string = type, status = 400) {
    super(message)
    this.type = type.includes('#') ? type : `com.amazonaws.sqs#${type}`
    this.code = code
    this.status = status
  }
}

export function invalidParameter(message: string): SqsError {
  return new SqsError('InvalidParameterValue', message)
}

/** @param bounds in the words of AWS, for example `Must be between 1 and 10, if provided.` */
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

/** @param parameter the parameter that names the missing resource */
export function noSuchResource(parameter: string): SqsError {
  return new SqsError(
    'ResourceNotFoundException',
    `The resource that you specified for the ${parameter} parameter doesn't exist.`,
  )
}

/** For features of AWS that this emulator does not have: ignoring them would look like success. */
export function unsupported(what: string): SqsError {
  return new SqsError(
    'UnsupportedOperation',
    `${what} is not implemented by the SQS emulator. Leave it out, or use a queue on AWS.`,
    'AWS.SimpleQueueService.UnsupportedOperation',
  )
}

/** For a malformed request. */
export function unreadable(message: string, status = 400): SqsError {
  return new SqsError('com.amazon.coral.service#SerializationException', message, 'MalformedInput', status)
}
