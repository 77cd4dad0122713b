/** The difference between two versions of a line as one edit, with some text around it. */
export interface TextChange {
  readonly start: string
  readonly removed: string
  readonly added: string
  readonly end: string
}

/** Characters before and after the edit. */
const CONTEXT = 48

export function textChange(before: string, after: string): TextChange {
  const shorter = Math.min(before.length, after.length)
  let same = 0
  while (same < shorter && before[same] === after[same]) same += 1
  let sameAtEnd = 0
  while (sameAtEnd < shorter - same && before[before.length - 1 - sameAtEnd] === after[after.length - 1 - sameAtEnd])
    sameAtEnd += 1
  const start = before.slice(0, same)
  const end = sameAtEnd === 0 ? '' : before.slice(-sameAtEnd)
  return {
    start: start.length > CONTEXT ? `…${start.slice(-CONTEXT)}` : start,
    removed: before.slice(same, before.length - sameAtEnd),
    added: after.slice(same, after.length - sameAtEnd),
    end: end.length > CONTEXT ? `${end.slice(0, CONTEXT)}…` : end,
  }
}
