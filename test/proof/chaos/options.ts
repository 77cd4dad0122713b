import { parseArgs } from 'node:util'

export interface Options {
  readonly lines: number
  readonly kills: number
  readonly seed: number
  readonly segmentBytes: number
  readonly concurrency: number
  readonly inFlight: number
  readonly stallMs: number
  /** Where to store the evidence. Undefined: in a temporary folder that is deleted after a successful run. */
  readonly evidence: string | undefined
  readonly keep: boolean
}

const MIN_SEGMENT_BYTES = 65_536
/** With lines of about 170 bytes, a file has six segments. */
const SEGMENT_BYTES_PER_LINE = 30

/** @throws Error for an unknown flag or a value that is not a number */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      lines: { type: 'string' },
      kills: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      'segment-bytes': { type: 'string' },
      concurrency: { type: 'string', default: '4' },
      'in-flight': { type: 'string', default: '8' },
      'stall-seconds': { type: 'string', default: '180' },
      evidence: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  })
  const number = (name: keyof typeof values, otherwise = 0): number => {
    const value = Number(values[name] ?? otherwise)
    if (!Number.isSafeInteger(value) || value < 1)
      throw new Error(`--${name} is "${String(values[name])}"; expected a whole number above 0`)
    return value
  }
  const lines = number('lines', values.full ? 1_000_000 : 200_000)
  return {
    lines,
    kills: number('kills', values.full ? 200 : 50),
    seed: number('seed'),
    segmentBytes: Math.max(MIN_SEGMENT_BYTES, number('segment-bytes', lines * SEGMENT_BYTES_PER_LINE)),
    concurrency: number('concurrency'),
    inFlight: number('in-flight'),
    stallMs: number('stall-seconds') * 1000,
    evidence: values.evidence,
    keep: values.keep,
  }
}
