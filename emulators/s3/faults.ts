/** What a test can have S3 do wrong. Nothing in use. */
export interface S3Faults {
  /** Answer so many requests for objects with 503 SlowDown. */
  slowDown: number
  /** Break the connection of the next GET after so many bytes of its body. */
  cutBodyAt: number | undefined
  /** The same for each of the next GETs, the first of them first. */
  cutBodiesAt: readonly number[]
  /** Send nothing more of the next GET after so many bytes of its body. */
  stallBodyAt: number | undefined
  /** Write so many events down twice. */
  sendEventsTwice: number
}

export function noFaults(): S3Faults {
  return { slowDown: 0, cutBodyAt: undefined, cutBodiesAt: [], stallBodyAt: undefined, sendEventsTwice: 0 }
}
