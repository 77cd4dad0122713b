import { gzipSync } from 'node:zlib'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { REPLAYS_PREFIX } from '../../../lambda/keys.ts'
import { CSV_HEADER, CSV_PREFIX, meaningOf, ROWS } from './csv-rows.ts'
import { plainFile, type FileScenario, type LineKind } from './scenario.ts'

export type End = 'delivered' | 'rejected' | 'undeliverable' | 'blank'

/** A line of a file and the ends that it may have. This is the whole promise of the importer, without any of its code. */
export interface ModelLine {
  readonly number: number
  /** As its dead letter has it. */
  readonly text: string
  /** The row that means the line, in a CSV file. */
  readonly row?: string
  readonly byteStart: number
  readonly byteEnd: number
  /** More than one only if the endpoint changes its mind about the line. */
  readonly ends: readonly End[]
  readonly reason?: string
  /** How many requests it needs. */
  readonly requests: number
  /** The line that it replaces, in a file of fixed lines. */
  readonly replaces?: LineName
}

/** A line of a file. */
export interface LineName {
  /** Id of the file. */
  readonly file: number
  readonly line: number
}

/** A file in the bucket, and what must become of it. */
export interface ModelFile {
  /** From 0. The identities in its lines begin with it. */
  readonly id: number
  readonly source: SourceFile
  readonly scenario: FileScenario
  /** The object, compressed or not. */
  readonly bytes: Buffer
  readonly contentBytes: number
  readonly lines: readonly ModelLine[]
  /** The lines among them that the endpoint refuses as it refuses everything in an outage. They may be deferred forever. */
  readonly refused: readonly ModelLine[]
  /** When the object begins and ceases to exist, in virtual time. */
  readonly from: number
  readonly to: number
  /** Id of the replay that has uploaded it, if it is a file of fixed lines. */
  readonly replay?: string
}

const TEXTS: Readonly<Record<LineKind, (id: number, n: number) => string>> = {
  valid: (id, n) => `{"_p":"f${id}p${n}","_t":1393344604,"_n":"e","n":${n}}`,
  'two-requests': (id, n) => `{"_p":"f${id}p${n}","_t":1393344604,"_n":"e","_p2":"q${n}","n":${n}}`,
  merge: (id, n) => `{"_p":"f${id}p${n}","_t":1393344604,"_p2":"f${id}"}`,
  'too-long-for-the-endpoint': (id, n) => `{"_p":"f${id}p${n}","_t":1393344604,"_n":"413","n":${n}}`,
  'too-long-for-now': (id, n) => `{"_p":"f${id}p${n}","_t":1393344604,"_n":"414","n":${n}}`,
  refused: (id, n) => `{"_p":"f${id}p${n}","_t":1393344604,"_n":"400","n":${n}}`,
  'no-time': (id, n) => `{"_p":"f${id}p${n}","_n":"e","n":${n}}`,
  'no-json': (id, n) => `{"_p":"f${id}p${n}",`,
  blank: () => '',
}

const ENDS: Readonly<Record<LineKind, Pick<ModelLine, 'ends' | 'reason' | 'requests'>>> = {
  valid: { ends: ['delivered'], requests: 1 },
  'two-requests': { ends: ['delivered'], requests: 2 },
  merge: { ends: ['delivered'], requests: 1 },
  'too-long-for-the-endpoint': { ends: ['undeliverable'], reason: 'endpoint_refused', requests: 1 },
  'too-long-for-now': { ends: ['undeliverable', 'delivered'], reason: 'endpoint_refused', requests: 1 },
  refused: { ends: ['undeliverable'], reason: 'endpoint_refused', requests: 1 },
  'no-time': { ends: ['rejected'], reason: 'missing_timestamp', requests: 0 },
  'no-json': { ends: ['rejected'], reason: 'invalid_json', requests: 0 },
  blank: { ends: ['blank'], requests: 0 },
}

interface Written {
  readonly kind: LineKind
  /** In the file. */
  readonly text: string
  readonly replaces?: LineName
}

/** The lines of a file, as they are written. */
function writtenLines({ lines, isTable, isCsv }: FileScenario, id: number): readonly Written[] {
  if (isTable) return lines.map((kind, index) => ({ kind, text: `f${id},${index},12` }))
  if (isCsv !== true) return lines.map((kind, index) => ({ kind, text: TEXTS[kind](id, index + 1) }))
  const rows = lines.map((kind, index) => ({ kind, text: ROWS[kind](id, index + 2) }))
  return [{ kind: 'blank', text: CSV_HEADER }, ...rows]
}

export function modelOf(scenario: FileScenario, id: number, start: number): ModelFile {
  const key = scenario.isCsv === true ? `${CSV_PREFIX}${id}.csv` : `incoming/${scenario.newVersionOf ?? id}.json`
  return modelWith(writtenLines(scenario, id), key, { scenario, id, start })
}

export interface FixedLine extends Written {
  readonly replaces: LineName
}

/** A file of fixed lines. @param now when it is uploaded */
export function replayModel(lines: readonly FixedLine[], id: number, replay: string, now: number): ModelFile {
  const scenario = plainFile(lines.map(({ kind }) => kind))
  return { ...modelWith(lines, `${REPLAYS_PREFIX}${id}.json`, { scenario, id, start: now }), replay }
}

/** What a person makes of a rejected line. @param name what the property of the line is called that import rules rename */
export function fixedText(kind: LineKind, { file, line }: LineName, name: string): string {
  return TEXTS[kind](file, line).replace('"n":', `"${name}":`)
}

interface Placed {
  readonly scenario: FileScenario
  readonly id: number
  readonly start: number
}

function modelWith(written: readonly Written[], key: string, { scenario, id, start }: Placed): ModelFile {
  const lines: ModelLine[] = []
  let byteStart = 0
  for (const [index, { kind, text, replaces }] of written.entries()) {
    const byteEnd = byteStart + Buffer.byteLength(text)
    const meaning = scenario.isCsv === true ? meaningOf(kind, text) : {}
    lines.push({ number: index + 1, text, byteStart, byteEnd, ...ENDS[kind], ...meaning, ...(replaces && { replaces }) })
    byteStart = byteEnd + 1
  }
  const content = Buffer.from(written.map(({ text }) => `${text}\n`).join(''))
  const source = { bucket: 'files', key, etag: `e${id}`, ...(scenario.isVersioned && { versionId: `v${id}` }) }
  return {
    id,
    source,
    scenario,
    bytes: scenario.isPacked ? gzipSync(content, { level: 1 }) : content,
    contentBytes: content.length,
    lines: scenario.isTable ? [] : lines,
    refused: scenario.isTable ? [] : lines.filter((_line, index) => written[index]?.kind === 'refused'),
    from: start + scenario.arrivesAt,
    to: scenario.leavesAt === undefined ? Infinity : start + scenario.arrivesAt + scenario.leavesAt,
  }
}

/** The file and line that a request is for. */
export function lineOfRequest(request: string): { readonly file: number; readonly line: number } {
  const [, file, line] = /[?&]_p=f(\d+)p(\d+)/.exec(request) ?? []
  return { file: Number(file), line: Number(line) }
}
