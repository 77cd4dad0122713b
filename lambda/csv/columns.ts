import { offsetOf } from '../parse/date.ts'

/** How times are written in the cells of a CSV file. */
export const TIME_FORMATS = ['seconds', 'milliseconds', 'dates'] as const
export type TimeFormat = (typeof TIME_FORMATS)[number]

export const SEPARATORS = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'vertical bars' } as const
export type Separator = keyof typeof SEPARATORS

/** What the columns of a CSV file mean, for a file that does not have the columns of Kissmetrics. A person writes it. */
export interface ColumnMapping {
  /**
   * By the name of a column: what it becomes in the line, for example `_p`, `_t`, `_n`, `_p2`, or the name of a property. Left out: the file
   * has the columns of Kissmetrics.
   */
  readonly columns?: Readonly<Record<string, string>>
  /** What happens to the other columns. By default, they are skipped. */
  readonly others?: 'skip' | 'properties'
  /** By default seconds. */
  readonly time?: TimeFormat
  /** The zone of dates that have none: `UTC`, or an offset like `+01:00`. */
  readonly timeZone?: string
  /** By default a comma. `any`: whichever the row with the names has. */
  readonly separator?: Separator | 'any'
}

const MEMBERS: ReadonlySet<string> = new Set(['schema', 'columns', 'others', 'time', 'timeZone', 'separator'])

/** @returns what is wrong with a mapping that a person wrote, in one sentence; undefined if it is valid */
export function findMappingFault(value: unknown): string | undefined {
  if (!isObject(value)) return 'it is not a JSON object. Write {"columns": {"Email": "_p", "When": "_t", "Action": "_n"}}'
  const unknown = Object.keys(value).find((name) => !MEMBERS.has(name))
  if (unknown !== undefined)
    return `${JSON.stringify(unknown)} is not a member of a mapping. Members are: ${[...MEMBERS].slice(1).join(', ')}`
  const { columns, others, time, timeZone, separator } = value
  if (columns === undefined && others !== undefined) return '"others" needs "columns"'
  const columnsFault = columns === undefined ? undefined : findColumnsFault(columns)
  if (columnsFault !== undefined) return columnsFault
  if (others !== undefined && others !== 'skip' && others !== 'properties') return '"others" must be "skip" or "properties"'
  if (time !== undefined && !TIME_FORMATS.some((format) => format === time))
    return `"time" must be one of: ${TIME_FORMATS.map((format) => `"${format}"`).join(', ')}`
  if (timeZone !== undefined && (typeof timeZone !== 'string' || offsetOf(timeZone) === undefined))
    return '"timeZone" must be "UTC" or an offset like "+01:00"'
  if (separator !== undefined && separator !== 'any' && !(typeof separator === 'string' && Object.hasOwn(SEPARATORS, separator)))
    return '"separator" must be ",", ";", "|", "\\t" or "any"'
  return undefined
}

function findColumnsFault(columns: unknown): string | undefined {
  if (!isObject(columns) || Object.keys(columns).length === 0)
    return '"columns" is empty. Write, for example, "columns": {"Email": "_p", "When": "_t", "Action": "_n"}'
  const targets = Object.values(columns)
  if (!targets.every((target) => typeof target === 'string' && target !== ''))
    return 'each column must have a name in double quotes, for example "Email": "_p"'
  const twice = targets.find((target, index) => targets.indexOf(target) !== index)
  if (twice !== undefined) return `two columns become ${JSON.stringify(twice)}. Remove one of them`
  if (!targets.includes('_p')) return 'no column becomes "_p", the person'
  return targets.includes('_t') || targets.includes('_p2') ? undefined : 'no column becomes "_t", the time'
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
