/** An error answer of SNS. */
export class SnsError extends Error {
  override readonly name = 'SnsError'
  /** Error code of the query protocol. */
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

export function invalidParameter(what: string): SnsError {
  return new SnsError('InvalidParameter', `Invalid parameter: ${what}`)
}
