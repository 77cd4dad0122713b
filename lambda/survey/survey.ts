import type { Entry } from '../parse/entry.ts'
import { trimmed } from '../parse/invisible.ts'
import type { ParsedLine } from '../parse/line.ts'
import { isPlaceholder } from '../parse/placeholder.ts'
import type { ReasonCode, Rejection } from '../reasons.ts'
import { AliasGroups } from './alias-groups.ts'
import { Days } from './days.ts'
import { encodeGroups, joinGroups } from './encode-groups.ts'
import { Fingerprint } from './fingerprint.ts'
import { NameCounts } from './name-counts.ts'
import { SURVEY_SCHEMA, type AliasPart, type SurveyPart } from './part.ts'
import { isNumeric } from './value-type.ts'

/**
 * Surveys the lines of a file, or of a segment, before the first one is sent.
 *
 * Memory: at most 60 MB, whatever the file contains. This runs once for each line of each file, so it counts only what a rule needs.
 */
export class FileSurvey {
  readonly #lines = { valid: 0, rejected: 0, blank: 0 }
  readonly #rejections = new Map<ReasonCode, { lines: number; first: number }>()
  readonly #days = new Days()
  readonly #events = new NameCounts()
  readonly #properties = new NameCounts()
  readonly #aliases = new AliasGroups()
  readonly #person = new Fingerprint()
  readonly #other = new Fingerprint()
  #commands = 0
  #placeholders = 0
  #firstPlaceholder: number | undefined
  #refused: ReasonCode | undefined

  /** Adds the next line. */
  add(entry: Entry): void {
    switch (entry.kind) {
      case 'blank':
        this.#lines.blank += 1
        return
      case 'rejected':
        this.#lines.rejected += 1
        this.#addRejection(entry.rejection.reason, 1, entry.line.number)
        return
      case 'ready':
        this.#lines.valid += 1
        this.#addParsed(entry.parsed, entry.line.number)
    }
  }

  /** Notes that an import would reject the file, as a whole or from here on. */
  refuse({ reason }: Rejection): void {
    this.#refused ??= reason
  }

  /**
   * Adds another part of the same file, with other lines. The order of the parts does not matter.
   *
   * @param linesBefore lines of the file before those of the part, if it counts its lines from its own start
   */
  addPart(part: SurveyPart, linesBefore = 0): void {
    const { lines, aliases } = part
    this.#lines.valid += lines.valid
    this.#lines.rejected += lines.rejected
    this.#lines.blank += lines.blank
    this.#refused ??= part.refused
    for (const { reason, lines: count, first } of part.rejections) this.#addRejection(reason, count, linesBefore + first)
    for (const [day, count] of part.days) this.#days.merge(day, count)
    this.#events.merge(part.events, linesBefore)
    this.#properties.merge(part.properties, linesBefore)
    this.#commands += aliases.commands
    this.#placeholders += aliases.placeholders
    if (aliases.firstPlaceholder !== undefined)
      this.#firstPlaceholder = earlier(this.#firstPlaceholder, linesBefore + aliases.firstPlaceholder)
    if (aliases.isComplete) joinGroups(aliases.groups, this.#aliases, linesBefore)
    else this.#aliases.giveUp()
    if (!this.#aliases.isComplete && aliases.largest !== undefined)
      this.#aliases.note({ ...aliases.largest, first: linesBefore + aliases.largest.first })
  }

  part(): SurveyPart {
    return {
      schema: SURVEY_SCHEMA,
      lines: { ...this.#lines },
      ...(this.#refused !== undefined && { refused: this.#refused }),
      rejections: Array.from(this.#rejections, ([reason, { lines, first }]) => ({ reason, lines, first })),
      days: this.#days.list(),
      events: this.#events.list(),
      properties: this.#properties.list(),
      aliases: this.#aliasPart(),
    }
  }

  #aliasPart(): AliasPart {
    const largest = this.#aliases.largest()
    return {
      commands: this.#commands,
      placeholders: this.#placeholders,
      ...(this.#firstPlaceholder !== undefined && { firstPlaceholder: this.#firstPlaceholder }),
      groups: encodeGroups(this.#aliases),
      ...(largest !== undefined && { largest }),
      isComplete: this.#aliases.isComplete,
    }
  }

  #addRejection(reason: ReasonCode, lines: number, first: number): void {
    const known = this.#rejections.get(reason)
    if (known === undefined) this.#rejections.set(reason, { lines, first })
    else {
      known.lines += lines
      known.first = Math.min(known.first, first)
    }
  }

  #addParsed({ commands, time }: ParsedLine, line: number): void {
    this.#days.add(time)
    for (const command of commands) {
      if (command.kind === 'alias') this.#addAlias(command.person, command.other, line)
      else {
        if (command.kind === 'record') this.#events.add(command.event, false, line)
        for (const [name, value] of command.properties) this.#properties.add(name, isNumeric(value), line)
      }
    }
  }

  #addAlias(person: string, other: string, line: number): void {
    this.#commands += 1
    if (isHiddenPlaceholder(person) || isHiddenPlaceholder(other)) {
      this.#placeholders += 1
      this.#firstPlaceholder = earlier(this.#firstPlaceholder, line)
    }
    const a = identityOf(person, this.#person)
    const b = identityOf(other, this.#other)
    // 48 bits are stored. Among a million identities, the chance that any two have the same is one in 600.
    this.#aliases.join(line, a.high & 0xffff, a.low, b.high & 0xffff, b.low)
  }
}

/** The survey of a file from those of its segments, surveyed side by side. Aliases are compared across all of them. */
export function mergeParts(parts: Iterable<SurveyPart>): SurveyPart {
  const survey = new FileSurvey()
  for (const part of parts) survey.addPart(part)
  return survey.part()
}

/** What hides a placeholder. A line with a plain one as an alias is rejected. */
const DISGUISE = /^mailto:|\p{Cf}|\p{Default_Ignorable_Code_Point}/giu

function isHiddenPlaceholder(identity: string): boolean {
  return isPlaceholder(trimmed(identity.replace(DISGUISE, '')))
}

function identityOf(identity: string, fingerprint: Fingerprint): Fingerprint {
  fingerprint.start(0, 0).name(identity)
  return fingerprint.end()
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}
