/** What a program of the comparison gets, as JSON in its first argument. */
export interface Job {
  readonly file: string
  /** Origin of the sink. */
  readonly sink: string
  readonly inFlight: number
  /** Where the packages of the peers are installed. */
  readonly packages: string
}

export function readJob(): Job {
  return JSON.parse(process.argv[2] ?? '{}') as Job // written by run-program.ts
}

/** What a line of the input has. Programs of peers do not check it, because no peer does. */
export interface InputLine {
  readonly _p: string
  readonly _n: string
  readonly _t: number
  readonly [property: string]: string | number
}

/** A key of the usual form. */
export const API_KEY = '0123456789abcdef0123456789abcdef01234567'
