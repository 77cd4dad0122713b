import { OF_RECORD, SIGHTING } from '../digest/digest.ts'
import { MAX_EXAMPLES, type LineRef, type RepeatSummary } from '../summary.ts'
import { Seen } from './seen.ts'

/** Events and properties that are compared; 50 MB. */
export const MAX_COMPARED = 2_000_000

/** How often something was met, and where first. */
class Found {
  count = 0
  readonly lines: LineRef[] = []

  add(file: string, line: number): void {
    this.count += 1
    if (this.lines.length < MAX_EXAMPLES) this.lines.push({ file, line })
  }
}

/**
 * Lines that say to Kissmetrics what another line has said.
 *
 * @see Kissmetrics, "Detecting duplicates": of the same person, event and second (in the newer page: and the same properties and values)
 * one is kept; of the same person, property and second as well
 */
export class Repeats {
  readonly #seen: Seen
  readonly #events = new Found()
  readonly #sameSecond = new Found()
  readonly #sets = new Found()
  readonly #contradictions = new Found()

  constructor(maxCompared = MAX_COMPARED) {
    this.#seen = new Seen(maxCompared)
  }

  /** @param sightings of a digest @param linesBefore lines of the file before those of the digest */
  add(sightings: Int32Array, file: string, linesBefore: number): void {
    for (let at = 0; at < sightings.length;) {
      const line = linesBefore + numberAt(sightings, at + SIGHTING.line)
      if (numberAt(sightings, at + SIGHTING.kind) === OF_RECORD) {
        this.#addRecord(sightings, at, file, line)
        at += SIGHTING.size
      } else at = this.#addSets(sightings, at, file, line)
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
      isComplete: !this.#seen.isFull,
    }
  }

  #addRecord(sightings: Int32Array, at: number, file: string, line: number): void {
    const sighting = this.#see(sightings, at)
    if (sighting === 'same') this.#events.add(file, line)
    else if (sighting === 'differs') this.#sameSecond.add(file, line)
  }

  /** All properties that one line sets. @returns where the next line begins */
  #addSets(sightings: Int32Array, start: number, file: string, line: number): number {
    const own = sightings[start + SIGHTING.line]
    let isRepeat = true
    let at = start
    for (; sightings[at + SIGHTING.line] === own; at += SIGHTING.size) {
      const sighting = this.#see(sightings, at)
      if (sighting !== 'same') isRepeat = false
      if (sighting === 'differs') this.#contradictions.add(file, line)
    }
    if (isRepeat) this.#sets.add(file, line)
    return at
  }

  #see(sightings: Int32Array, at: number) {
    const [high, low] = [numberAt(sightings, at + SIGHTING.high), numberAt(sightings, at + SIGHTING.low)]
    return this.#seen.add(high, low, numberAt(sightings, at + SIGHTING.content))
  }
}

function numberAt(numbers: Int32Array, at: number): number {
  return numbers[at] ?? 0
}
