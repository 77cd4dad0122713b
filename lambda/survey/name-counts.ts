import type { NameList, NameUse } from './part.ts'

/** Names that are kept, and the length of all together: a file can have a new name in each line. */
const MAX_NAMES = 5_000
const MAX_CHARACTERS = 500_000

type Counted = { -readonly [Key in keyof NameUse]: NameUse[Key] }

/** How often each name of events, or of properties, is used. Memory: the first 5,000 names; the uses of all others are counted together. */
export class NameCounts {
  readonly #names = new Map<string, Counted>()
  #characters = 0
  #unlisted = 0

  /** Counts one use. This runs for each property of each line. */
  add(name: string, isNumber: boolean, line: number): void {
    const counted = this.#names.get(name) ?? this.#start(name, line)
    if (counted === undefined) {
      this.#unlisted += 1
      return
    }
    counted.uses += 1
    if (isNumber) counted.numbers += 1
  }

  /** Adds the uses in another part of the file. @param linesBefore added to its line numbers */
  merge({ list, unlisted }: NameList, linesBefore: number): void {
    this.#unlisted += unlisted
    for (const { name, uses, numbers, first: firstOfPart } of list) {
      const first = linesBefore + firstOfPart
      const counted = this.#names.get(name) ?? this.#start(name, first)
      if (counted === undefined) {
        this.#unlisted += uses
        continue
      }
      counted.uses += uses
      counted.numbers += numbers
      counted.first = Math.min(counted.first, first)
    }
  }

  list(): NameList {
    return { list: Array.from(this.#names.values(), (counted) => ({ ...counted })), unlisted: this.#unlisted }
  }

  #start(name: string, first: number): Counted | undefined {
    if (this.#names.size === MAX_NAMES || this.#characters + name.length > MAX_CHARACTERS) return undefined
    this.#characters += name.length
    const counted = { name, uses: 0, numbers: 0, first }
    this.#names.set(name, counted)
    return counted
  }
}
