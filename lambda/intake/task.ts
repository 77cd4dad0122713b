import type { SourceFile } from './source-file.ts'

/** A byte range of a drop, cut at line ends, that one invocation imports. */
export interface Segment {
  /** From 1. */
  readonly index: number
  /** Where its first line begins, and where the line after its last one would: its last newline is in it. */
  readonly byteStart: number
  readonly byteEnd: number
  /** Number of its first line in the drop. */
  readonly firstLine: number
  readonly lines: number
}

/** What one message asks to be imported: a drop, or one segment of it. */
export interface Task {
  readonly file: SourceFile
  readonly segment?: Segment
  /** How often the work came back from the dead-letter queue. */
  readonly replays: number
  /** The line up to which the work was done when the message was sent. */
  readonly reached: number
  /** How often in a row it was put off without a step forward: the endpoint was down, or somebody else was at it. */
  readonly delays: number
}

export const TASK_SCHEMA = 'kissmetrics-importer/task/v1'

/** The task of a drop that was just heard of. */
export function newTask(file: SourceFile, replays = 0): Task {
  return { file, replays, reached: 0, delays: 0 }
}

/** The task as the text of a message. */
export function taskBody(task: Task): string {
  return JSON.stringify({ schema: TASK_SCHEMA, ...task })
}
