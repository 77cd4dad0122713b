import type { Entry } from '../../../lambda/parse/entry.ts'
import type { Command, Property } from '../../../lambda/parse/command.ts'
import { isPlainIdentity } from '../../../lambda/parse/identity-meaning.ts'
import type { ParsedLine } from '../../../lambda/parse/line.ts'
import type { EpochSeconds } from '../../../lambda/parse/time.ts'
import type { ReasonCode, WarningCode } from '../../../lambda/reasons.ts'
import { MAX_EXAMPLES } from '../summary.ts'
import { Fingerprint, NameFingerprints } from '../../../lambda/survey/fingerprint.ts'
import { Int32List } from './int32-list.ts'
import { addValue, copyOf, type ValueUse } from './values.ts'

/**
 * A summary of consecutive lines. It is plain data, so that another thread can make it. Its line numbers start at 1.
 *
 * Memory: less than its lines take.
 */
export interface Digest {
  readonly lines: { valid: number; rejected: number; blank: number }
  readonly commands: { record: number; set: number; alias: number }
  readonly rejections: Map<ReasonCode, { count: number; readonly examples: { readonly line: number; readonly detail: string }[] }>
  readonly warnings: Map<WarningCode, number>
  /** How many lines each import rule has changed. */
  readonly changedBy: Map<string, number>
  /** First and last time, and the number of lines in each hour since 1970. */
  readonly times: { first: EpochSeconds; last: EpochSeconds; readonly hours: Map<number, number> }
  readonly events: Map<string, number>
  readonly properties: Map<string, ValueUse>
  /** Identities with commas or colons: the number of lines, and examples. */
  readonly changed: { lines: number; readonly examples: string[] }
  /** Distinct identities that are not written as most are, e.g. with capitals. Another spelling of them may exist. */
  readonly spellings: Set<string>
  readonly aliases: { readonly person: string; readonly other: string; readonly line: number }[]
  /** Fingerprints of identities; two numbers each. */
  identities: Int32Array<ArrayBuffer>
  /** Events and properties for the search for repeats, in the layout of `OCCURRENCE`. */
  occurrences: Int32Array<ArrayBuffer>
}

/** The layout of one occurrence: of an event, or of one property that is set. */
export const OCCURRENCE = { line: 0, kind: 1, high: 2, low: 3, content: 4, size: 5 } as const
export const OF_RECORD = 1
export const OF_SET = 2

/** Makes digests, one after the other. */
export class Digester {
  readonly #names = new NameFingerprints()
  readonly #person = new Fingerprint()
  readonly #other = new Fingerprint()
  readonly #key = new Fingerprint()
  readonly #value = new Fingerprint()
  readonly #identities = new Int32List()
  readonly #occurrences = new Int32List()
  #digest = emptyDigest()
  #line = 0

  add(entry: Entry): void {
    this.#line += 1
    const { lines } = this.#digest
    switch (entry.kind) {
      case 'blank':
        lines.blank += 1
        for (const label of entry.skippedBy ?? []) addTo(this.#digest.changedBy, label)
        return
      case 'rejected':
        lines.rejected += 1
        this.#addRejection(entry.rejection)
        return
      case 'ready':
        lines.valid += 1
        this.#addParsed(entry.parsed)
    }
  }

  /** Lines since the last digest was taken. */
  get lines(): number {
    return this.#line
  }

  take(): Digest {
    const digest = this.#digest
    digest.identities = this.#identities.take()
    digest.occurrences = this.#occurrences.take()
    this.#digest = emptyDigest()
    this.#line = 0
    return digest
  }

  #addRejection({ reason, detail }: { readonly reason: ReasonCode; readonly detail: string }): void {
    const { rejections } = this.#digest
    const rejected = rejections.get(reason) ?? { count: 0, examples: [] }
    rejections.set(reason, rejected)
    rejected.count += 1
    if (rejected.examples.length < MAX_EXAMPLES) rejected.examples.push({ line: this.#line, detail })
  }

  #addParsed({ commands, time, warnings, changedBy = [] }: ParsedLine): void {
    for (const label of changedBy) addTo(this.#digest.changedBy, label)
    this.#addTime(time)
    for (const warning of warnings) addTo(this.#digest.warnings, warning)
    let isChanged = this.#addIdentity(commands[0]?.person ?? '', this.#person)
    for (const command of commands) {
      this.#addCommand(command)
      if (command.kind === 'alias' && this.#addIdentity(command.other, this.#other)) isChanged = true
    }
    if (isChanged) this.#digest.changed.lines += 1
  }

  #addTime(time: EpochSeconds): void {
    const { times } = this.#digest
    if (time < times.first) times.first = time
    if (time > times.last) times.last = time
    addTo(times.hours, Math.floor(time / 3_600))
  }

  /** @returns whether Kissmetrics changes it */
  #addIdentity(identity: string, fingerprint: Fingerprint): boolean {
    const { spellings } = this.#digest
    if (!isPlainIdentity(identity) && !spellings.has(identity)) spellings.add(copyOf(identity))
    const isChanged = fingerprint.start(0, 0).name(identity)
    fingerprint.end()
    this.#identities.push(fingerprint.high, fingerprint.low)
    const { examples } = this.#digest.changed
    if (isChanged && examples.length < MAX_EXAMPLES && !examples.includes(identity)) examples.push(copyOf(identity))
    return isChanged
  }

  #addCommand(command: Command): void {
    this.#digest.commands[command.kind] += 1
    switch (command.kind) {
      case 'record':
        this.#addRecord(command.event, command.time, command.properties)
        return
      case 'set':
        for (const property of command.properties) this.#addSet(property, command.time)
        return
      case 'alias':
        this.#digest.aliases.push({ person: copyOf(command.person), other: copyOf(command.other), line: this.#line })
    }
  }

  #addRecord(event: string, time: EpochSeconds, properties: readonly Property[]): void {
    addTo(this.#digest.events, event)
    let content = 0
    // A sum, because the order of the properties does not matter.
    for (const property of properties) content = (content + this.#addProperty(property)) | 0
    this.#addOccurrence(OF_RECORD, time, this.#names.of(event), content)
  }

  #addSet(property: Property, time: EpochSeconds): void {
    const content = this.#addProperty(property)
    this.#addOccurrence(OF_SET, time, this.#names.of(property[0]), content)
  }

  /** @returns 32 bits that stand for name and value */
  #addProperty([name, value]: Property): number {
    addValue(this.#digest.properties, name, value)
    const { high, low } = this.#names.of(name)
    return this.#value.start(high, low).text(value).end().low
  }

  #addOccurrence(kind: number, time: EpochSeconds, name: Fingerprint, content: number): void {
    const { high, low } = this.#key
      .start(this.#person.high, this.#person.low)
      .number(kind)
      .number(time)
      .number(name.high)
      .number(name.low)
      .end()
    this.#occurrences.push(this.#line, kind, high, low, content)
  }
}

function emptyDigest(): Digest {
  return {
    lines: { valid: 0, rejected: 0, blank: 0 },
    commands: { record: 0, set: 0, alias: 0 },
    rejections: new Map(),
    warnings: new Map(),
    changedBy: new Map(),
    times: { first: Infinity, last: -Infinity, hours: new Map() },
    events: new Map(),
    properties: new Map(),
    changed: { lines: 0, examples: [] },
    spellings: new Set(),
    aliases: [],
    identities: new Int32Array(),
    occurrences: new Int32Array(),
  }
}

function addTo<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
