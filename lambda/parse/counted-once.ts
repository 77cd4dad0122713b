import type { Command } from './command.ts'
import type { ParsedLine } from './line.ts'

const MIN_SLOTS = 1_024
const MAX_SLOTS = 262_144
const GROWTH = 4
/** Each slot has two numbers of a hash, side by side, so that a line costs one access to memory that is not in the cache. 2 MB at most. */
const SLOT = 2

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
  #table = new Int32Array(MIN_SLOTS * SLOT)
  #used = 0
  #high = 0
  #low = 0

  /** Whether an earlier line is counted in place of this one, or of a part of it. Remembers the line. */
  has({ commands }: ParsedLine): boolean {
    const [command] = commands
    return command !== undefined && this.#hasCommand(command)
  }

  #hasCommand(command: Command): boolean {
    switch (command.kind) {
      case 'record':
        this.#begin(1, command.time, command.person)
        return this.#isKnown(command.event)
      case 'set': {
        this.#begin(2, command.time, command.person)
        const high = this.#high
        const low = this.#low
        let isKnown = false
        for (const [name] of command.properties) {
          this.#high = high
          this.#low = low
          if (this.#isKnown(name)) isKnown = true
        }
        return isKnown
      }
      case 'alias':
        return false // repeating one is harmless
    }
  }

  #begin(kind: number, time: number, person: string): void {
    this.#high = kind
    this.#low = time | 0
    this.#addText(person)
  }

  #isKnown(name: string): boolean {
    this.#addText(name.toLowerCase())
    const low = mixed(this.#low) || 1 // zero is an empty slot
    const slot = slotOf(this.#high, low, this.#table)
    const slotLow = this.#table[slot + 1]
    if (this.#table[slot] === this.#high && slotLow === low) return true
    if (slotLow === 0) this.#used += SLOT
    this.#table[slot] = this.#high
    this.#table[slot + 1] = low
    if (this.#used * 2 > this.#table.length && this.#table.length < MAX_SLOTS * SLOT) this.#grow()
    return false
  }

  #grow(): void {
    const grown = new Int32Array(this.#table.length * GROWTH)
    for (let from = 0; from < this.#table.length; from += SLOT) {
      const high = this.#table[from] ?? 0
      const low = this.#table[from + 1] ?? 0
      if (low === 0) continue
      const to = slotOf(high, low, grown)
      grown[to] = high
      grown[to + 1] = low
    }
    this.#table = grown
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

/** The index of the first of its two numbers. */
function slotOf(high: number, low: number, table: Int32Array): number {
  return mixed(high ^ low) & (table.length - SLOT)
}

function mixed(bits: number): number {
  const mix = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b)
  return Math.imul(mix ^ (mix >>> 13), 0xc2b2_ae35) ^ (mix >>> 16)
}
