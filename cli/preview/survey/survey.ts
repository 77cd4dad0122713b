import { NUMBER_SETTINGS } from '../../../lambda/settings/numbers.ts'
import type { Entry } from '../../../lambda/parse/entry.ts'
import type { Rejection, ReasonCode, WarningCode } from '../../../lambda/reasons.ts'
import { labelsOf } from '../../../lambda/rules/rule-set.ts'
import type { Rule } from '../../../lambda/rules/rule.ts'
import { Digester, type Digest } from '../digest/digest.ts'
import { MAX_EXAMPLES, PREVIEW_SCHEMA, type Estimate, type LinePosition, type PreviewSummary } from '../summary.ts'
import { Aliases } from './aliases.ts'
import { Events, Properties } from './names.ts'
import { Repeats } from './repeats.ts'
import { FingerprintSet } from './fingerprint-set.ts'
import { Spellings } from './spellings.ts'
import { Times } from './times.ts'

/** Identities that are counted exactly; they take 50 MB. */
export const MAX_IDENTITIES = 2_000_000

const CHANGED_EXAMPLES = 5
/** Lines that are added one by one are digested in groups of this size. */
const DIGEST_LINES = 1_000

/**
 * Collects what an import of one or several files would do to a Kissmetrics account.
 *
 * All lines of a file have to be added in order, one by one or as digests.
 *
 * Memory is bounded, whatever the number of lines: two tables of 50 MB each, names and examples.
 */
export class Survey {
  readonly #digester = new Digester()
  readonly #files: { readonly name: string; lines: number }[] = []
  readonly #refused: PreviewSummary['refused'][number][] = []
  readonly #lines = { valid: 0, rejected: 0, blank: 0 }
  readonly #commands = { record: 0, set: 0, alias: 0 }
  readonly #rejections = new Map<
    ReasonCode,
    { count: number; readonly examples: (LinePosition & { readonly detail: string })[] }
  >()
  readonly #warnings = new Map<WarningCode, number>()
  readonly #fixedBy: Map<string, number>
  readonly #identities = new FingerprintSet(MAX_IDENTITIES)
  readonly #changed = { lines: 0, examples: new Set<string>() }
  readonly #spellings = new Spellings()
  readonly #aliases = new Aliases()
  readonly #events = new Events()
  readonly #properties = new Properties()
  readonly #times = new Times()
  readonly #repeats = new Repeats()
  #file: { readonly name: string; lines: number } = { name: '', lines: 0 }

  /** @param rules the import rules of the files */
  constructor(rules: readonly Rule[] = []) {
    this.#fixedBy = new Map(labelsOf(rules).map((label) => [label, 0]))
  }

  /** Starts a file. The following lines belong to it. */
  begin(file: string): void {
    this.#flush()
    this.#file = { name: file, lines: 0 }
    this.#files.push(this.#file)
  }

  /** Adds the next line of the file. */
  add(entry: Entry): void {
    this.#digester.add(entry)
    if (this.#digester.lines === DIGEST_LINES) this.#flush()
  }

  /** Adds the next lines of the file. */
  addDigest(digest: Digest): void {
    this.#flush()
    this.#merge(digest)
  }

  /** Notes that an import would reject the file, as a whole or from here on. */
  refuse({ reason, detail }: Rejection): void {
    this.#refused.push({ file: this.#file.name, reason, detail })
  }

  summary(): PreviewSummary {
    this.#flush()
    const { valid, rejected, blank } = this.#lines
    const { record, set, alias } = this.#commands
    const time = this.#times.summary()
    return {
      schema: PREVIEW_SCHEMA,
      files: this.#files.map(({ name, lines }) => ({ name, lines })),
      lines: { total: valid + rejected + blank, valid, rejected, blank },
      commands: { record, set, alias },
      identities: {
        count: this.#identities.kept,
        isExact: !this.#identities.isFull,
        changedLines: this.#changed.lines,
        changedExamples: [...this.#changed.examples],
        spellings: this.#spellings.summary(this.#identities),
      },
      refused: this.#refused,
      rejectedBy: Object.fromEntries([...this.#rejections].toSorted(([, a], [, b]) => b.count - a.count)),
      warnings: Object.fromEntries(this.#warnings),
      ...(this.#fixedBy.size > 0 && { fixedBy: Object.fromEntries(this.#fixedBy) }),
      aliases: this.#aliases.summary(),
      events: this.#events.summary(),
      properties: this.#properties.summary(),
      ...(time !== undefined && { time }),
      repeats: this.#repeats.summary(),
      estimate: estimateFor(record + set + alias),
    }
  }

  #flush(): void {
    if (this.#digester.lines > 0) this.#merge(this.#digester.take())
  }

  #merge(digest: Digest): void {
    const { name: file, lines: before } = this.#file
    const { lines, commands, changed, identities } = digest
    this.#file.lines += lines.valid + lines.rejected + lines.blank
    addCounts(this.#lines, lines)
    addCounts(this.#commands, commands)
    for (const [reason, { count, examples }] of digest.rejections) {
      const rejected = this.#rejections.get(reason) ?? { count: 0, examples: [] }
      this.#rejections.set(reason, rejected)
      rejected.count += count
      for (const { line, detail } of examples.slice(0, MAX_EXAMPLES - rejected.examples.length))
        rejected.examples.push({ file, line: before + line, detail })
    }
    for (const [warning, count] of digest.warnings) this.#warnings.set(warning, (this.#warnings.get(warning) ?? 0) + count)
    for (const [label, count] of digest.changedBy) this.#fixedBy.set(label, (this.#fixedBy.get(label) ?? 0) + count)
    for (let at = 0; at < identities.length; at += 2) this.#identities.add(identities[at] ?? 0, identities[at + 1] ?? 0)
    this.#changed.lines += changed.lines
    for (const example of changed.examples)
      if (this.#changed.examples.size < CHANGED_EXAMPLES) this.#changed.examples.add(example)
    for (const identity of digest.spellings) this.#spellings.add(identity)
    for (const { person, other, line } of digest.aliases) this.#aliases.add(person, other, file, before + line)
    for (const [name, count] of digest.events) this.#events.add(name, count)
    for (const [name, use] of digest.properties) this.#properties.add(name, use)
    this.#times.add(digest.times)
    this.#repeats.add(digest.occurrences, file, before)
  }
}

function addCounts<Key extends string>(totals: Record<Key, number>, counts: Readonly<Record<Key, number>>): void {
  for (const key of Object.keys(totals) as Key[]) totals[key] += counts[key]
}

/** The rate of Kissmetrics' own SQL importer. A faster rate of the endpoint has not been published. */
const SLOWEST_PER_HOUR = 50_000
/** Duration of a request that is not slowed down. */
const ROUND_TRIP_SECONDS = 0.1

/** From the importer's highest rate to the rate of Kissmetrics' SQL importer. */
function estimateFor(requests: number): Estimate {
  return {
    requests,
    fastestSeconds: Math.ceil((requests / NUMBER_SETTINGS.KM_MAX_IN_FLIGHT.default) * ROUND_TRIP_SECONDS),
    slowestSeconds: Math.ceil((requests / SLOWEST_PER_HOUR) * 3_600),
  }
}
