import { dateOf, offsetOf } from '../parse/date.ts'
import type { EpochSeconds } from '../parse/time.ts'
import { isBlank } from '../parse/text.ts'
import type { Column, CsvLayout } from './layout.ts'

const SECONDS = /^(?:0|[1-9]\d{0,14})$/
const MILLISECONDS = /^[1-9]\d{11,13}$/

/** Why a row cannot become a line. */
export interface RowFault {
  readonly specifics: string
}

/**
 * The JSON line that a row means. A cell that is empty is left out, as is a value that is null in JSON.
 *
 * All values stay text, since Kissmetrics reads "12" as a number, and "007" must not lose its zeros.
 *
 * @param fileTime when the file was written. Only a row that is nothing but an alias takes its time from here, because Kissmetrics' layout
 *   needs none for it: an alias has no place in time
 * @returns an empty line for a row without values
 */
export function lineOfRow(cells: readonly string[], layout: CsvLayout, fileTime: EpochSeconds | undefined): string | RowFault {
  const { columns } = layout
  if (cells.every(isBlank)) return ''
  const fault = findRowFault(cells, layout)
  if (fault !== undefined) return { specifics: fault }
  // This runs for each cell of a file.
  let members = ''
  let found = 0
  let ofAlias = 0
  for (let index = 0; index < columns.length; index += 1) {
    const { target, lexeme } = columns[index] ?? NO_COLUMN
    const cell = cells[index] ?? ''
    if (target === undefined || cell === '') continue
    const value = target === '_t' ? timeLexeme(cell.trim(), layout) : JSON.stringify(cell)
    members += `${found === 0 ? '' : ','}${lexeme}:${value}`
    found += 1
    if (target === '_p' || target === '_p2') ofAlias += 1
  }
  const isOnlyAlias = found === 2 && ofAlias === 2
  return fileTime !== undefined && isOnlyAlias ? `{${members},"_t":${fileTime}}` : `{${members}}`
}

const NO_COLUMN: Column = { target: undefined, lexeme: '', hasName: false }

function findRowFault(cells: readonly string[], { columns, headerRow }: CsvLayout): string | undefined {
  if (cells.length < columns.length)
    return `it has ${counted(cells.length, 'cell')}, but row ${headerRow} has ${counted(columns.length, 'column')}`
  const extra = cells.findIndex((cell, index) => !isBlank(cell) && columns[index]?.hasName !== true)
  return extra === -1 ? undefined : `column ${extra + 1} has a value, but no name in row ${headerRow}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** The time as a number of seconds if it is in the format of the file, and otherwise as it is: then the line is rejected, and says why. */
function timeLexeme(text: string, { time, timeZone }: CsvLayout): string {
  const seconds = secondsOf(text, time, timeZone)
  return seconds ?? JSON.stringify(text)
}

function secondsOf(text: string, time: CsvLayout['time'], timeZone: string | undefined): string | undefined {
  switch (time) {
    case 'seconds':
      return SECONDS.test(text) ? text : undefined
    case 'milliseconds':
      return MILLISECONDS.test(text) ? text.slice(0, -3) : undefined
    case 'dates': {
      const date = dateOf(text)
      if (date === undefined) return undefined
      const offset = date.hasZone ? 0 : offsetOf(timeZone ?? '')
      return offset === undefined ? undefined : String(date.seconds - offset)
    }
  }
}
