import type { SourceFile } from './source-file.ts'

/** A byte range of a file, from the start of one line to the end of another. One invocation imports it. */
export interface Segment {
  /** From 1. */
  readonly index: number
  readonly byteStart: number
  /** Exclusive. The newline of the last line is in the segment. */
  readonly byteEnd: number
  /** Number of its first line in the file. */
  readonly firstLine: number
  readonly lines: number
}

/** What one message asks to import: a file, or one segment of it. */
export interface Task {
  readonly file: SourceFile
  readonly segment?: Segment
  /** How often the dead letter of the file was replayed. */
  readonly replays: number
  /** The last line that was done when the message was sent. */
  readonly reached: number
  /** How often in a row the task was deferred without progress, because the endpoint was down or another run was at work. */
  readonly delays: number
  /** Id of the wait after an outage that this message ends (`jobs/wait.ts`). */
  readonly wait?: string
  /** Id of the wait for the end of a pause that this message ends (`jobs/while-paused.ts`). */
  readonly pause?: string
  /** When the file was uploaded, or else when its work first had to wait. Milliseconds since 1970. */
  readonly since?: number
  /** A search has found that the file is unfinished, and that its messages are lost. */
  readonly foundBySearch?: true
  /** How often the survey of the file, or segment, has run out of time. */
  readonly surveys?: number
  /** A person has released the file after it was held. */
  readonly released?: true
}

export const TASK_SCHEMA = 'kissmetrics-importer/task/v1'

/** The task of a file that was just uploaded, or replayed. */
export function newTask(file: SourceFile, replays = 0, since?: number): Task {
  return { file, replays, reached: 0, delays: 0, ...(since !== undefined && { since }) }
}

/** The task as the body of a message. */
export function taskBody(task: Task): string {
  return JSON.stringify({ schema: TASK_SCHEMA, ...task })
}
