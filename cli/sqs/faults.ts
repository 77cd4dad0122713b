/** What a test can have SQS do wrong, each as often as its number says. All zero in use. */
export interface SqsFaults {
  /** Answer a request with 503. */
  unavailable: number
  /** Hand a message out, and at once again. */
  deliverTwice: number
  /** Take the batch and not this entry of it. */
  failSends: number
}

export function noFaults(): SqsFaults {
  return { unavailable: 0, deliverTwice: 0, failSends: 0 }
}
