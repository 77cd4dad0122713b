import type { LineName, ModelFile, ModelLine } from './model.ts'

/** The lines of one file of fixed lines that replace the same line. */
export interface Replacement {
  readonly file: ModelFile
  readonly lines: readonly ModelLine[]
}

const NONE: readonly Replacement[] = []

/** Which lines of files of fixed lines replace which lines of other files. Two replays can send the same line. */
export class Replacements {
  readonly #of = new Map<string, Replacement[]>()

  /** A file of fixed lines was uploaded. */
  add(file: ModelFile): void {
    const replacing = file.lines.filter(({ replaces }) => replaces !== undefined)
    for (const [name, lines] of Map.groupBy(replacing, ({ replaces }) => nameOf(replaces)))
      this.#of.set(name, [...(this.#of.get(name) ?? NONE), { file, lines }])
  }

  of(file: ModelFile, { number }: ModelLine): readonly Replacement[] {
    return this.#of.size === 0 ? NONE : (this.#of.get(nameOf({ file: file.id, line: number })) ?? NONE)
  }
}

/** The line of the first file that a line replaces: itself, if it is not in a file of fixed lines. */
export function originOf(files: readonly ModelFile[], name: LineName): LineName {
  const replaced = files[name.file]?.lines[name.line - 1]?.replaces
  return replaced === undefined ? name : originOf(files, replaced)
}

function nameOf(name: LineName | undefined): string {
  return name === undefined ? '' : `${name.file}:${name.line}`
}
