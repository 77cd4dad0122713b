import type { Facts, Log } from '../../lambda/events.ts'
import { labelledMessage, printable, type Output, type StatusLine } from '../terminal/output.ts'

/** Writes a message for the user between two results. */
export type Notify = (style: 'dim' | 'yellow' | 'red', label: string, message: string) => void

export function notifyOn(output: Output, status: StatusLine): Notify {
  return (style, label, message) => {
    status.clear()
    output.write(labelledMessage(output, style, label, printable(message)))
  }
}

/**
 * The importer's log on a terminal: warnings and errors only. The table at the end of a file shows the rest.
 *
 * @param on called with the name of each metric that is counted and is not 0
 */
export function terminalLog(notify: Notify, on: (metric: string) => void): Log {
  return {
    info: () => undefined,
    warn: (sentence, facts) => {
      notify('yellow', 'note:', withFacts(sentence, facts))
    },
    error: (sentence, facts) => {
      if (facts.code === 'file_rejected') return // the table of the file says it, with what to do
      notify('red', 'error:', withFacts(sentence, facts))
    },
    count: (metric, value) => {
      if (value > 0) on(metric)
    },
  }
}

function withFacts(sentence: string, { key, line, detail, name }: Facts): string {
  const shown = [key, line === undefined ? undefined : `line ${String(line)}`, name, detail].filter((fact) => fact !== undefined)
  return shown.length === 0 ? sentence : `${sentence} (${shown.join(': ')})`
}
