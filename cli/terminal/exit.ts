/** The exit codes, the same for every command. */
export const EXIT = {
  /** Every line was delivered, or is valid. */
  ok: 0,
  /** The command finished, but some lines were not delivered, are not valid, or wait for the next start. */
  someLinesLeft: 1,
  /** The command found something that a person has to cure. */
  somethingWrong: 1,
  /** Wrong usage or configuration, or unreadable input: the user has to fix something first. */
  unusable: 2,
  /** Stopped with Ctrl-C; the same command continues. */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Takes the exit code of a command when it has ended. */
export type EndWith = (code: ExitCode) => void
