import type { Command } from '../../lambda/parse/command.ts'
import type { Period } from './export-folder.ts'

/** How much of what was sent is in the export, for one event, or all properties or aliases, and one day. */
export interface ComparedDay {
  /** ISO 8601, UTC. */
  readonly day: string
  readonly sent: number
  readonly found: number
}

export interface ComparedEvent {
  readonly kind: Command['kind']
  /** Only of an event. */
  readonly event?: string
  readonly sent: number
  readonly found: number
  /** In order. */
  readonly days: readonly ComparedDay[]
}

interface Counted {
  sent: number
  found: number
}

/** Events that are listed each. The others are counted together. */
const MAX_EVENTS = 5_000
const OTHER_EVENTS = 'other events'

/** Counts by event and day. Memory: the first 5,000 events, with their days. */
export class Comparison {
  readonly #events = new Map<string, { readonly command: Command; readonly days: Map<number, Counted> }>()
  readonly #period: Period | undefined
  #outside = 0

  constructor(period: Period | undefined) {
    this.#period = period
  }

  /** Commands that the export cannot have, because they are dated before or after its period. */
  get outside(): number {
    return this.#outside
  }

  isOutside({ time }: Command): boolean {
    return this.#period !== undefined && (time < this.#period.first || time > this.#period.last)
  }

  addOutside(): void {
    this.#outside += 1
  }

  add(command: Command, isFound: boolean): void {
    const days = this.#daysOf(command)
    const day = Math.floor(command.time / 86_400)
    const counted = days.get(day) ?? { sent: 0, found: 0 }
    days.set(day, counted)
    counted.sent += 1
    if (isFound) counted.found += 1
  }

  /** The events with the most missing commands first. */
  events(): readonly ComparedEvent[] {
    return Array.from(this.#events.values(), ({ command, days }) => {
      const inOrder = [...days].toSorted(([a], [b]) => a - b)
      return {
        kind: command.kind,
        ...(command.kind === 'record' && { event: this.#nameOf(command.event) }),
        sent: inOrder.reduce((sum, [, { sent }]) => sum + sent, 0),
        found: inOrder.reduce((sum, [, { found }]) => sum + found, 0),
        days: inOrder.map(([day, counted]) => ({ day: dayText(day), ...counted })),
      }
    }).toSorted((a, b) => missingOf(b) - missingOf(a) || b.sent - a.sent)
  }

  #daysOf(command: Command): Map<number, Counted> {
    const key = command.kind === 'record' ? `record ${this.#nameOf(command.event)}` : command.kind
    const known = this.#events.get(key)
    if (known !== undefined) return known.days
    const days = new Map<number, Counted>()
    this.#events.set(key, { command, days })
    return days
  }

  #nameOf(event: string): string {
    return this.#events.has(`record ${event}`) || this.#events.size < MAX_EVENTS ? event : OTHER_EVENTS
  }
}

export function missingOf({ sent, found }: Counted): number {
  return sent - found
}

function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}
