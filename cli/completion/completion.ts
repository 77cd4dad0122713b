import path from 'node:path'
import { script } from '@bomb.sh/tab'
import { shellWord } from '../terminal/escape.ts'
import { captureLog } from './capture.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

// cspell:ignore cword compdef compinit

const NAME = 'km-import'
const PROGRAM = path.join(import.meta.dirname, '..', '..', 'bin', 'km-import.js')

/**
 * The script that makes a shell complete `km-import`. It also defines the command if there is none: npx takes two seconds, which is too
 * long for a completion.
 */
export function completionScript(shell: Shell): string {
  const executable = `${shellWord(process.execPath)} ${shellWord(PROGRAM)}`
  const ofLibrary = captureLog(() => {
    script(shell, NAME, executable)
  })
  switch (shell) {
    case 'bash':
      // A constant could not be defined again when the user loads the script again.
      return BASH_WORDS + posixCommand(executable) + ofLibrary.replaceAll(/^readonly /gm, '') + BASH_FILES
    case 'zsh':
      return ZSH_START + posixCommand(executable) + ofLibrary
    case 'fish':
      return `type -q ${NAME}; or function ${NAME}; ${executable} $argv; end\n${ofLibrary}`
  }
}

function posixCommand(executable: string): string {
  return `command -v ${NAME} >/dev/null || ${NAME}() { ${executable} "$@"; }\n`
}

/** The package bash-completion has this function, and not every computer has the package. */
const BASH_WORDS = `declare -F _get_comp_words_by_ref >/dev/null || _get_comp_words_by_ref() {
  cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
}
`

/** Offers files where the program offers nothing. */
const BASH_FILES = `complete -o default -F __km_import_complete ${NAME}\n`

const ZSH_START = 'whence compdef >/dev/null || { autoload -Uz compinit && compinit; }\n'
