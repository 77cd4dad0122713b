/** A part of two versions of a line: in both, only in the first, or only in the second. */
export interface TextPart {
  readonly kind: 'same' | 'removed' | 'added'
  readonly text: string
}

/** Characters of unchanged text that are shown next to a change. */
const CONTEXT = 48
/** A longer token is compared by its characters: a word in a long text would otherwise look like another text. */
const LONG_TOKEN = 60
/** Above this product of token counts, what lies between the first and the last change counts as one change. */
const MAX_COMPARISONS = 250_000

/** A text in double quotes, a number, a word, space, or one other character. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\p{L}+|\s+|[^]/gu

/** What was changed in a line, in whole JSON tokens, with some text around each change. */
export function textChanges(before: string, after: string): readonly TextPart[] {
  if (before === after) return shortened([{ kind: 'same', text: before }])
  return shortened(compared(tokensOf(before), tokensOf(after)))
}

function tokensOf(text: string): readonly string[] {
  return text.match(TOKEN) ?? []
}

function compared(before: readonly string[], after: readonly string[]): readonly TextPart[] {
  const { start, end } = commonEnds(before, after)
  const [removed, added] = [before.slice(start, before.length - end), after.slice(start, after.length - end)]
  const middle = removed.length * added.length > MAX_COMPARISONS ? replaced(removed, added) : aligned(removed, added)
  return joined([
    { kind: 'same', text: before.slice(0, start).join('') },
    ...middle,
    { kind: 'same', text: before.slice(before.length - end).join('') },
  ])
}

/** How many elements are equal at the start and at the end. */
function commonEnds(one: ArrayLike<string>, other: ArrayLike<string>): { readonly start: number; readonly end: number } {
  const shorter = Math.min(one.length, other.length)
  let start = 0
  while (start < shorter && one[start] === other[start]) start += 1
  let end = 0
  while (end < shorter - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1
  return { start, end }
}

function replaced(removed: readonly string[], added: readonly string[]): readonly TextPart[] {
  return [
    { kind: 'removed', text: removed.join('') },
    { kind: 'added', text: added.join('') },
  ]
}

/** By the longest common subsequence. */
function aligned(before: readonly string[], after: readonly string[]): readonly TextPart[] {
  const width = after.length + 1
  const lengths = new Uint32Array((before.length + 1) * width)
  const lengthAt = (one: number, other: number) => lengths[one * width + other] ?? 0
  for (let one = before.length - 1; one >= 0; one -= 1)
    for (let other = after.length - 1; other >= 0; other -= 1)
      lengths[one * width + other] =
        before[one] === after[other]
          ? lengthAt(one + 1, other + 1) + 1
          : Math.max(lengthAt(one + 1, other), lengthAt(one, other + 1))
  const parts: TextPart[] = []
  let [one, other] = [0, 0]
  while (one < before.length || other < after.length) {
    const [removed = '', added = ''] = [before[one], after[other]]
    if (one < before.length && removed === added) {
      parts.push({ kind: 'same', text: removed })
      one += 1
      other += 1
    } else if (other === after.length || (one < before.length && lengthAt(one + 1, other) >= lengthAt(one, other + 1))) {
      parts.push({ kind: 'removed', text: removed })
      one += 1
    } else {
      parts.push({ kind: 'added', text: added })
      other += 1
    }
  }
  return parts
}

/** Neighbours of one kind as one part; what was removed comes before what was added in its place. */
function joined(parts: readonly TextPart[]): readonly TextPart[] {
  const result: TextPart[] = []
  let [removed, added] = ['', '']
  const push = (part: TextPart) => {
    const last = result.at(-1)
    if (part.kind === 'same' && last?.kind === 'same') result[result.length - 1] = { kind: 'same', text: last.text + part.text }
    else result.push(part)
  }
  const flush = () => {
    for (const part of refined(removed, added)) push(part)
    removed = ''
    added = ''
  }
  for (const { kind, text } of parts) {
    if (text === '') continue
    if (kind === 'removed') removed += text
    else if (kind === 'added') added += text
    else {
      flush()
      push({ kind, text })
    }
  }
  flush()
  return result
}

function refined(removed: string, added: string): readonly TextPart[] {
  const { start, end } =
    Math.min(removed.length, added.length) > LONG_TOKEN
      ? wholeCharacters(removed, commonEnds(removed, added))
      : { start: 0, end: 0 }
  const parts: readonly TextPart[] = [
    { kind: 'same', text: removed.slice(0, start) },
    { kind: 'removed', text: removed.slice(start, removed.length - end) },
    { kind: 'added', text: added.slice(start, added.length - end) },
    { kind: 'same', text: removed.slice(removed.length - end) },
  ]
  return parts.filter(({ text }) => text !== '')
}

/** Does not cut between the two halves of a surrogate pair. */
function wholeCharacters(text: string, { start, end }: ReturnType<typeof commonEnds>): ReturnType<typeof commonEnds> {
  return {
    start: /[\ud800-\udbff]/.test(text.charAt(start - 1)) ? start - 1 : start,
    end: /[\udc00-\udfff]/.test(text.charAt(text.length - end)) ? end - 1 : end,
  }
}

/** Only the unchanged text near a change is shown. */
function shortened(parts: readonly TextPart[]): readonly TextPart[] {
  return parts.map((part, index) => {
    if (part.kind !== 'same') return part
    const before = index === 0 ? '' : part.text.slice(0, CONTEXT)
    const after = index === parts.length - 1 && index > 0 ? '' : part.text.slice(-CONTEXT)
    return before.length + after.length >= part.text.length ? part : { kind: 'same', text: `${before}…${after}` }
  })
}
