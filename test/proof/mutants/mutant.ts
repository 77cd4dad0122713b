/** A known mistake of importers, as a change to this one. */
export interface Mutant {
  /** What the importer does wrong. */
  readonly name: string
  readonly file: string
  /** Occurs exactly once in the file. Any run of white space matches any other, so that formatting does not matter. */
  readonly find: string
  readonly replace: string
  /** The tests that must catch it, the fastest first. */
  readonly tests: readonly string[]
}
