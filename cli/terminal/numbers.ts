/** 50000 → 50,000 */
export function grouped(number: number): string {
  // The first use of Intl takes 20 ms, a fifth of a short command.
  if (Number.isSafeInteger(number)) return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
  return number.toLocaleString('en-US')
}

/** 1 → "1 line", 50000 → "50,000 lines" */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`
}
