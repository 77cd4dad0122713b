import { Fingerprint, NameFingerprints } from '../../lambda/survey/fingerprint.ts'
import type { Command } from '../../lambda/parse/command.ts'

/** An odd number, so that each input gives another product. */
const SPREAD = 0x9e37_79b1

const KINDS = { record: 1, set: 2, alias: 3 } as const

/**
 * Receives the fingerprint of one thing that Kissmetrics stores.
 *
 * @param share 32 bits that are the same for all parts of a command, in the export as in the sent files
 */
export type UsePart = (high: number, low: number, share: number) => void

/**
 * Fingerprints of what Kissmetrics stores for a command: an event of a person at a second, each property that is set for a person at a
 * second, or a pair of identities that are one person.
 *
 * Of a repeated event or property Kissmetrics keeps the first, so the values of properties are not compared.
 */
export class CommandParts {
  readonly #names = new NameFingerprints()
  readonly #person = new Fingerprint()
  readonly #other = new Fingerprint()
  readonly #part = new Fingerprint()

  /** Calls `use` once for each part. */
  of(command: Command, use: UsePart): void {
    const person = identity(this.#person, command.person)
    switch (command.kind) {
      case 'record':
        this.#use(person, command.time, KINDS.record, command.event, use)
        return
      case 'set':
        for (const [name] of command.properties) this.#use(person, command.time, KINDS.set, name, use)
        return
      case 'alias': {
        // The order of the two identities does not matter.
        const other = identity(this.#other, command.other)
        const { high, low } = this.#part
          .start(person.high ^ other.high, person.low ^ other.low)
          .number(KINDS.alias)
          .end()
        use(high, low, high)
      }
    }
  }

  #use(person: Fingerprint, time: number, kind: number, name: string, use: UsePart): void {
    const of = this.#names.of(name)
    const { high, low } = this.#part.start(person.high, person.low).number(kind).number(time).number(of.high).number(of.low).end()
    use(high, low, Math.imul(person.high ^ time, SPREAD))
  }
}

function identity(fingerprint: Fingerprint, text: string): Fingerprint {
  fingerprint.start(0, 0).name(text)
  return fingerprint.end()
}
