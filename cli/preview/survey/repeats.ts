import { OF_RECORD, OCCURRENCE } from '../digest/digest.ts'
import { MAX_EXAMPLES, type LinePosition, type RepeatSummary } from '../summary.ts'
import { FingerprintSet } from './fingerprint-set.ts'

/** Events and properties that are compared; they take 50 MB. */
export const MAX_COMPARED = 2_000_000

/** A kind of repeat: how many, and the first positions. */
class RepeatCounter {
  count = 0
  readonly lines: LinePosition[] = []

  add(file: string, line: number): void {
    this.count += 1
    if (this.lines.length < MAX_EXAMPLES) this.lines.push({ file, line })
  }
}

/**
 * Finds lines that Kissmetrics would ignore as repeats of earlier ones.
 *
 * @see Kissmetrics, "Detecting duplicates": of events with the same person, name and second (newer page: and the same properties and
 * values) the first is kept; the same is true for a property that is set for the same person at the same second
 */
export class Repeats {
  readonly #known: FingerprintSet
  readonly #events = new RepeatCounter()
  readonly #sameSecond = new RepeatCounter()
  readonly #sets = new RepeatCounter()
  readonly #contradictions = new RepeatCounter()

  constructor(maxCompared = MAX_COMPARED) {
    this.#known = new FingerprintSet(maxCompared)
  }

  /**
   * @param occurrences from a digest
   * @param linesBefore lines of the file before those of the digest
   */
  add(occurrences: Int32Array, file: string, linesBefore: number): void {
    for (let at = 0; at < occurrences.length;) {
      const line = linesBefore + numberAt(occurrences, at + OCCURRENCE.line)
      if (numberAt(occurrences, at + OCCURRENCE.kind) === OF_RECORD) {
        this.#addRecord(occurrences, at, file, line)
        at += OCCURRENCE.size
      } else at = this.#addSets(occurrences, at, file, line)
    }
  }

  summary(): RepeatSummary {
    const [events, sameSecond, sets, contradictions] = [this.#events, this.#sameSecond, this.#sets, this.#contradictions]
    return {
      events: events.count,
      sameSecond: sameSecond.count,
      sets: sets.count,
      contradictions: contradictions.count,
      examples: {
        events: events.lines,
        sameSecond: sameSecond.lines,
        sets: sets.lines,
        contradictions: contradictions.lines,
      },
      isComplete: !this.#known.isFull,
    }
  }

  #addRecord(occurrences: Int32Array, at: number, file: string, line: number): void {
    const match = this.#compare(occurrences, at)
    if (match === 'same') this.#events.add(file, line)
    else if (match === 'differs') this.#sameSecond.add(file, line)
  }

  /** Adds all properties that one line sets. @returns the index at which the next line begins */
  #addSets(occurrences: Int32Array, start: number, file: string, line: number): number {
    const own = occurrences[start + OCCURRENCE.line]
    let isRepeat = true
    let at = start
    for (; occurrences[at + OCCURRENCE.line] === own; at += OCCURRENCE.size) {
      const match = this.#compare(occurrences, at)
      if (match !== 'same') isRepeat = false
      if (match === 'differs') this.#contradictions.add(file, line)
    }
    if (isRepeat) this.#sets.add(file, line)
    return at
  }

  #compare(occurrences: Int32Array, at: number) {
    const [high, low] = [numberAt(occurrences, at + OCCURRENCE.high), numberAt(occurrences, at + OCCURRENCE.low)]
    return this.#known.add(high, low, numberAt(occurrences, at + OCCURRENCE.content))
  }
}

function numberAt(numbers: Int32Array, at: number): number {
  return numbers[at] ?? 0
}
