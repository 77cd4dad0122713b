import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'
import { captureLog } from './capture.ts'

/** For the shell: offer no files. */
const NO_FILES = ':4\n'
/** For the shell: offer files, as it does for any command. */
const FILES = ':0\n'

/**
 * Answers a shell: the words that can stand at the end of a command, each with its description.
 *
 * The library never lets the shell offer files. Where no command, option or choice fits, a file or a folder usually does.
 *
 * @param words what the user has typed after the name of the program; the last one is empty after a space
 */
export function completionsFor(program: Command, words: readonly string[]): string {
  const answer = captureLog(() => {
    tab(program).parse([...words])
  })
  return answer === NO_FILES ? FILES : answer
}
