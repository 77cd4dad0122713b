import { DAY_SECONDS } from './days.ts'

export function count(number: number): string {
  return number.toLocaleString('en-US') // making an Intl.NumberFormat at load takes 20 ms of each start; V8 caches it on first use
}

/** "1 line", "2 lines". */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`
}

/** A share, rounded down, so that it is never 100 % if a part is missing. */
export function percentOf(part: number, whole: number): string {
  return `${Math.floor((part / whole) * 1000) / 10} %`
}

/** @param day since 1970 */
export function dateOf(day: number): string {
  return new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, 10)
}
