/** What a run leaves for the checker: a folder with these files. The checker knows nothing else. */
export const MANIFEST = 'run.json'

export interface Manifest {
  readonly seed: number
  readonly apiKey: string
  /** Part of every identity, so that the checker can find leaked identities. */
  readonly canary: string
  /** The sink refuses identities that contain this. */
  readonly refused: string
  readonly maxLineBytes: number
  readonly kills: number
  /** Invocations that were killed while they were running. */
  readonly killedAtWork: number
  /** Invocations that requeued the rest of their work, usually because their time ran out. */
  readonly requeued: number
  /** How many lines one interrupted invocation may repeat, as documented. */
  readonly maxRepeatsEach: number
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
  /** A copy of the uploaded bytes. */
  readonly file: string
  readonly isGzipped: boolean
  /** Its final report. */
  readonly report: string
}

/** One line of the sink's log: a request that it accepted. */
export interface AcceptedRequest {
  readonly method: string
  readonly target: string
  readonly body: string
  /** The sink accepted it and broke the connection, so that the importer must send it again. */
  readonly isAmbiguous: boolean
}
