/** What the shell is told. The same for every command. */
export const EXIT = {
  /** Every line was delivered, or is valid. */
  ok: 0,
  /** Finished, but some lines did not make it. */
  someLinesLeft: 1,
  /** Usage, configuration or unreadable input: nothing can be done before a person mends it. */
  unusable: 2,
  /** Stopped by a person; the same command goes on. */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
