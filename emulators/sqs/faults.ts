/** Faults that a test can inject. Each strikes as often as its number says. */
export interface SqsFaults {
  /** Answer a request with 503, before anything is done. */
  unavailable: number
  /** Deliver a message, and the same message again, even if the first delivery is deleted. */
  deliverTwice: number
  /** Answer a receive request with the newest messages first. */
  reorder: number
  /** Accept a batch, but fail this entry of it. */
  failEntries: number
}

export function noFaults(): SqsFaults {
  return { unavailable: 0, deliverTwice: 0, reorder: 0, failEntries: 0 }
}

/** Whether the fault strikes now; if so, uses it up. */
export function strikes(faults: SqsFaults, fault: keyof SqsFaults): boolean {
  if (faults[fault] <= 0) return false
  faults[fault] -= 1
  return true
}
