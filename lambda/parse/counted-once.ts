import type { Command } from './command.ts'
import type { Entry } from './entry.ts'
import type { ParsedLine } from './line.ts'

const MIN_SLOTS = 1_024
/** Two numbers each: 2 MB. */
const MAX_SLOTS = 262_144
const GROWTH = 4

/**
 * Finds lines that Kissmetrics counts as one with an earlier line: the same person, event and second, or the same property of a person in
 * the same second. The values do not matter.
 *
 * It remembers the last lines only, as hashes in a table of bounded size, so it finds most of such lines, but not all. The table starts
 * small: most files are.
 *
 * @see Kissmetrics, "Detecting duplicates"
 */
export class CountedOnce {
  #highs = new Int32Array(MIN_SLOTS)
  #lows = new Int32Array(MIN_SLOTS)
  #used = 0
  #high = 0
  #low = 0

  /** Whether an earlier line is counted in place of this one, or of a part of it. Remembers the line. */
  has({ commands }: ParsedLine): boolean {
    const [command] = commands
    return command !== undefined && this.#hasCommand(command)
  }

  /** Adds the warning `counted_once` where it applies. */
  *mark(entries: Iterable<Entry>): Generator<Entry> {
    for (const entry of entries) yield entry.kind === 'ready' && this.has(entry.parsed) ? withWarning(entry) : entry
  }

  #hasCommand(command: Command): boolean {
    switch (command.kind) {
      case 'record':
        return this.#isKnown(1, command.time, command.person, command.event)
      case 'set': {
        let isKnown = false
        for (const [name] of command.properties) if (this.#isKnown(2, command.time, command.person, name)) isKnown = true
        return isKnown
      }
      case 'alias':
        return false // repeating one is harmless
    }
  }

  #isKnown(kind: number, time: number, person: string, name: string): boolean {
    this.#high = kind
    this.#low = time | 0
    this.#addText(person)
    this.#addText(name.toLowerCase())
    const low = mixed(this.#low) || 1 // zero is an empty slot
    const slot = slotOf(this.#high, low, this.#lows)
    if (this.#highs[slot] === this.#high && this.#lows[slot] === low) return true
    if (this.#lows[slot] === 0) this.#used += 1
    this.#highs[slot] = this.#high
    this.#lows[slot] = low
    if (this.#used * 2 > this.#lows.length && this.#lows.length < MAX_SLOTS) this.#grow()
    return false
  }

  #grow(): void {
    const highs = new Int32Array(this.#highs.length * GROWTH)
    const lows = new Int32Array(highs.length)
    for (const [index, low] of this.#lows.entries()) {
      if (low === 0) continue
      const high = this.#highs[index] ?? 0
      const slot = slotOf(high, low, lows)
      highs[slot] = high
      lows[slot] = low
    }
    this.#highs = highs
    this.#lows = lows
  }

  /** Commas and colons are spaces to Kissmetrics. */
  #addText(text: string): void {
    let high = this.#high
    let low = this.#low
    for (let at = 0; at < text.length; at += 1) {
      let code = text.charCodeAt(at)
      if (code === COMMA || code === COLON) code = SPACE
      high = Math.imul(high ^ code, 0x85eb_ca6b)
      high = (high << 13) | (high >>> 19)
      low = Math.imul(low ^ code, 0xc2b2_ae35)
      low = (low << 17) | (low >>> 15)
    }
    this.#high = Math.imul(high ^ END_OF_TEXT, 0x9e37_79b1)
    this.#low = Math.imul(low ^ END_OF_TEXT, 0x27d4_eb2f)
  }
}

const COMMA = 0x2c
const COLON = 0x3a
const SPACE = 0x20
/** Greater than every character. */
const END_OF_TEXT = 0x11_0000

function slotOf(high: number, low: number, table: Int32Array): number {
  return mixed(high ^ low) & (table.length - 1)
}

function mixed(bits: number): number {
  const mix = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b)
  return Math.imul(mix ^ (mix >>> 13), 0xc2b2_ae35) ^ (mix >>> 16)
}

function withWarning(entry: Extract<Entry, { readonly kind: 'ready' }>): Entry {
  return { ...entry, parsed: { ...entry.parsed, warnings: [...entry.parsed.warnings, 'counted_once'] } }
}
