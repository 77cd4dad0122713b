import { CommanderError } from 'commander'
import { SetupError } from '../lambda/errors.ts'
import { awsErrorText } from './deployment/aws-error.ts'
import { createProgram } from './program.ts'
import { printableLines } from './terminal/escape.ts'
import { EXIT, type ExitCode } from './terminal/exit.ts'
import { messageText } from './terminal/layout.ts'

/**
 * Runs one command. Its code is loaded only then: help and wrong flags do not wait for it.
 *
 * @param argv what the user typed after the name of the program
 * @returns the exit code. An error that the user can fix is one message on stderr; every other error is thrown
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const program = createProgram((code) => {
    exitCode = code
  })
  const [first, second, ...words] = argv
  if (first === 'complete' && second === '--') {
    const { completionsFor } = await import('./completion/complete.ts')
    process.stdout.write(completionsFor(program, words))
    return exitCode
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unusable
    const message = error instanceof SetupError ? error.message : awsErrorText(error)
    if (message === undefined) throw error
    process.stderr.write(`${messageText(`km-import: ${printableLines(message)}`, process.stderr)}\n`)
    return EXIT.unusable
  }
}
