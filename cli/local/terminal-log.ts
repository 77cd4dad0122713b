import type { Facts, Log } from '../../lambda/events.ts'
import { printable, styled, type Output, type StatusLine } from '../terminal/output.ts'

/** Tells a person something between two results. */
export type Notify = (style: 'dim' | 'yellow' | 'red', word: string, sentence: string) => void

export function notifyOn(output: Output, status: StatusLine): Notify {
  return (style, word, sentence) => {
    status.clear()
    output.write(`${styled(output, style, word)} ${printable(sentence)}\n`)
  }
}

/** The importer's sentences on a terminal: what needs a person, and no more. The table at the end of a drop says the rest. */
export function terminalLog(notify: Notify, on: { readonly setupWrong: () => void; readonly endpointDown: () => void }): Log {
  return {
    info: () => undefined,
    warn: (sentence, facts) => {
      notify('yellow', 'note:', withFacts(sentence, facts))
    },
    error: (sentence, facts) => {
      notify('red', 'error:', withFacts(sentence, facts))
    },
    count: (metric) => {
      if (metric === 'SetupErrors') on.setupWrong()
      if (metric === 'EndpointDown') on.endpointDown()
    },
  }
}

function withFacts(sentence: string, { key, line, detail, name }: Facts): string {
  const where = [key, line === undefined ? undefined : `line ${String(line)}`, name, detail].filter((fact) => fact !== undefined)
  return where.length === 0 ? sentence : `${sentence} (${where.join(': ')})`
}
