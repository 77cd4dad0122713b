import type { Command } from '../../lambda/parse/command.ts'
import { FingerprintSet } from '../preview/survey/fingerprint-set.ts'
import { Comparison, type ComparedEvent } from './comparison.ts'
import type { ExportFolder } from './export-folder.ts'
import { LineSet } from './line-set.ts'
import { CommandParts, type UsePart } from './parts.ts'
import { exportedEntries } from './read.ts'
import type { ImportedFile } from './imported-files.ts'

/** Parts of the export that are kept at the same time; they take 100 MB. */
const MAX_KEPT = 4_000_000

export interface CompareOptions {
  /** @default 4,000,000 */
  readonly maxKept?: number
  /** Called for each line that is read. */
  readonly onLine?: () => void
}

export interface Compared {
  readonly events: readonly ComparedEvent[]
  /** Commands that the export cannot have, because of their time. */
  readonly outside: number
  /** Lines of the export, and those of them that are not commands. */
  readonly exported: { readonly lines: number; readonly unreadable: number }
  /** For each sent file, the lines with a command that is not in the export. */
  readonly missing: readonly LineSet[]
}

/** The share of all commands that one pass is about. */
interface Pass {
  readonly index: number
  readonly passes: number
}

/**
 * Looks for each command of the sent files in the export.
 *
 * Memory is bounded: if the export is too large for it, all files are read several times, and each time another share of the commands is
 * compared.
 *
 * @throws SetupError if a file cannot be read
 */
export async function compare(
  folder: ExportFolder,
  sent: readonly ImportedFile[],
  options: CompareOptions = {},
): Promise<Compared> {
  for (let passes = 1; ; passes *= 2) {
    const compared = await comparePasses(folder, sent, passes, options)
    if (compared !== undefined) return compared
  }
}

/** @returns undefined if a share does not fit into memory */
async function comparePasses(
  folder: ExportFolder,
  sent: readonly ImportedFile[],
  passes: number,
  { maxKept = MAX_KEPT, onLine = () => undefined }: CompareOptions,
): Promise<Compared | undefined> {
  const comparison = new Comparison(folder.period)
  const missing = sent.map(() => new LineSet())
  let exported = { lines: 0, unreadable: 0 }
  for (let index = 0; index < passes; index += 1) {
    const known = new FingerprintSet(maxKept)
    exported = await addExport(folder, known, { index, passes }, onLine)
    if (known.isFull) return undefined
    for (const [at, file] of sent.entries()) await addSent(file, known, { index, passes }, comparison, missing[at], onLine)
  }
  return { events: comparison.events(), outside: comparison.outside, exported, missing }
}

async function addExport({ files }: ExportFolder, known: FingerprintSet, pass: Pass, onLine: () => void) {
  const parts = new CommandParts()
  const add: UsePart = (high, low, share) => {
    if (isIn(pass, share)) known.add(high, low)
  }
  let lines = 0
  let unreadable = 0
  for (const file of files)
    for await (const entry of exportedEntries(file)) {
      if (entry.kind === 'blank') continue
      onLine()
      lines += 1
      if (entry.kind === 'rejected') unreadable += 1
      else for (const command of entry.parsed.commands) parts.of(command, add)
      if (known.isFull) return { lines, unreadable }
    }
  return { lines, unreadable }
}

async function addSent(
  file: ImportedFile,
  known: FingerprintSet,
  pass: Pass,
  comparison: Comparison,
  missing: LineSet | undefined,
  onLine: () => void,
): Promise<void> {
  const lookup = new Lookup(known, pass)
  for await (const { entry } of file.entries()) {
    onLine()
    if (entry.kind !== 'ready') continue
    for (const command of entry.parsed.commands) {
      const isFound = lookup.find(command)
      if (isFound === undefined) continue
      if (comparison.isOutside(command)) comparison.addOutside()
      else {
        comparison.add(command, isFound)
        if (!isFound) missing?.add(entry.line.number)
      }
    }
  }
}

/** Looks for commands in the export. */
class Lookup {
  readonly #parts = new CommandParts()
  readonly #known: FingerprintSet
  readonly #pass: Pass
  #isInPass = false
  #isFound = true

  constructor(known: FingerprintSet, pass: Pass) {
    this.#known = known
    this.#pass = pass
  }

  /** Whether the export has every part of the command. @returns undefined if another pass is about it */
  find(command: Command): boolean | undefined {
    this.#isFound = true
    this.#parts.of(command, this.#look)
    return this.#isInPass ? this.#isFound : undefined
  }

  readonly #look: UsePart = (high, low, share) => {
    this.#isInPass = isIn(this.#pass, share)
    this.#isFound &&= this.#known.has(high, low)
  }
}

function isIn({ index, passes }: Pass, share: number): boolean {
  return (share >>> 0) % passes === index
}
