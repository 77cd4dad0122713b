import type { LineKind } from './scenario.ts'

/** A line of the file and the end that it must have. This is the whole promise of the importer, without any of its code. */
export interface ModelLine {
  readonly number: number
  readonly text: string
  readonly byteStart: number
  readonly byteEnd: number
  readonly end: 'delivered' | 'rejected' | 'undeliverable' | 'blank'
  readonly reason?: string
  /** How many requests it needs. */
  readonly requests: number
}

const TEXTS: Readonly<Record<LineKind, (n: number) => string>> = {
  valid: (n) => `{"_p":"p${n}","_t":1393344604,"_n":"e","n":${n}}`,
  'two-requests': (n) => `{"_p":"p${n}","_t":1393344604,"_n":"e","_p2":"q${n}","n":${n}}`,
  'too-long-for-the-endpoint': (n) => `{"_p":"p${n}","_t":1393344604,"_n":"413","n":${n}}`,
  'no-time': (n) => `{"_p":"p${n}","_n":"e","n":${n}}`,
  'no-json': (n) => `{"_p":"p${n}",`,
  blank: () => '',
}

const ENDS: Readonly<Record<LineKind, Pick<ModelLine, 'end' | 'reason' | 'requests'>>> = {
  valid: { end: 'delivered', requests: 1 },
  'two-requests': { end: 'delivered', requests: 2 },
  'too-long-for-the-endpoint': { end: 'undeliverable', reason: 'endpoint_refused', requests: 1 },
  'no-time': { end: 'rejected', reason: 'missing_timestamp', requests: 0 },
  'no-json': { end: 'rejected', reason: 'invalid_json', requests: 0 },
  blank: { end: 'blank', requests: 0 },
}

export interface Model {
  readonly bytes: Buffer
  readonly lines: readonly ModelLine[]
}

export function modelOf(kinds: readonly LineKind[]): Model {
  const lines: ModelLine[] = []
  let byteStart = 0
  for (const [index, kind] of kinds.entries()) {
    const number = index + 1
    const text = TEXTS[kind](number)
    const byteEnd = byteStart + Buffer.byteLength(text)
    lines.push({ number, text, byteStart, byteEnd, ...ENDS[kind] })
    byteStart = byteEnd + 1
  }
  return { bytes: Buffer.from(lines.map(({ text }) => `${text}\n`).join('')), lines }
}
