/** Lines that follow each other, both included. */
export type LineRange = readonly [first: number, last: number]

/** A set of line numbers: ranges in order, which neither overlap nor touch. */
export type LineRanges = readonly LineRange[]

export function rangesOf(lines: Iterable<number>): LineRanges {
  return merged([...new Set(lines)].map((line) => [line, line] as const))
}

export function union(...sets: readonly LineRanges[]): LineRanges {
  return merged(sets.flat())
}

/** The lines of the first set that are not in the second. */
export function difference(lines: LineRanges, without: LineRanges): LineRanges {
  const left: LineRange[] = []
  let index = 0
  for (const [first, last] of lines) {
    let from = first
    while ((without[index]?.[1] ?? Infinity) < from) index += 1
    for (let at = index; from <= last; at += 1) {
      const [start, end] = without[at] ?? [Infinity, Infinity]
      if (from < start) left.push([from, Math.min(last, start - 1)])
      from = Math.max(from, end + 1)
    }
  }
  return left
}

export function countLines(ranges: LineRanges): number {
  return ranges.reduce((lines, [first, last]) => lines + last - first + 1, 0)
}

/** @returns a function that says whether a line is in the set */
export function contains(ranges: LineRanges): (line: number) => boolean {
  return (line) => {
    let [low, high] = [0, ranges.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ranges[middle]?.[1] ?? Infinity) < line) low = middle + 1
      else high = middle
    }
    return (ranges[low]?.[0] ?? Infinity) <= line
  }
}

function merged(ranges: readonly LineRange[]): LineRanges {
  const result: [number, number][] = []
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const previous = result.at(-1)
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last)
    else result.push([first, last])
  }
  return result
}
