/** What a run leaves behind for the checker: a folder with these files. They are all that the checker knows. */
export const MANIFEST = 'run.json'

export interface Manifest {
  readonly seed: number
  readonly apiKey: string
  /** Stands in the identity of every person, so that it can be looked for where no identity may be. */
  readonly canary: string
  /** Persons with this in their identity are not taken by the sink. */
  readonly unwelcome: string
  readonly maxLineBytes: number
  readonly kills: number
  /** Invocations that were killed while they worked. */
  readonly killedAtWork: number
  /** Invocations that handed the rest on to another one, mostly since their time ran out. */
  readonly requeued: number
  /** What is promised: the most lines that one of them repeats. */
  readonly repeatsEach: number
  readonly redrives: number
  readonly seconds: number
  readonly files: readonly FileEvidence[]
  /** The names of the other files. */
  readonly sinkLog: string
  readonly deadLetters: string
  readonly importerLog: string
}

export interface FileEvidence {
  readonly key: string
  readonly versionId: string
  /** The very bytes that were dropped. */
  readonly file: string
  readonly isPacked: boolean
  /** Its last report. */
  readonly report: string
}

/** One line of the sink's log: a request that it took. */
export interface TakenRequest {
  readonly method: string
  readonly target: string
  readonly body: string
  /** The sink took it and broke the connection, so that nobody can know: it has to be sent again. */
  readonly isAmbiguous: boolean
}
