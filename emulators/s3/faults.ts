/** Faults that a test can inject. */
export interface S3Faults {
  /** Answer this many requests for objects with 503 SlowDown. */
  slowDown: number
  /** Reset the connection of the next GET after this many bytes of its body. */
  cutBodyAt: number | undefined
  /** The same for the next GETs, in this order. */
  cutBodiesAt: readonly number[]
  /** Stall the next GET after this many bytes of its body. */
  stallBodyAt: number | undefined
  /** Send this many events twice. */
  sendEventsTwice: number
}

export function noFaults(): S3Faults {
  return { slowDown: 0, cutBodyAt: undefined, cutBodiesAt: [], stallBodyAt: undefined, sendEventsTwice: 0 }
}
