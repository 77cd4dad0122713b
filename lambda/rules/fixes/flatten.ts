import { membersOf, type Member } from '../../parse/layout.ts'
import { edit } from './edit.ts'

/** These have a meaning of their own, so what is in them is never moved out. */
const RESERVED: ReadonlySet<string> = new Set(['_p', '_t', '_n', '_p2'])

/** Deeper objects stay as they are: nobody writes them by hand, and each level is read again. */
const MAX_DEPTH = 20

interface Leaf {
  readonly name: string
  readonly lexeme: string
}

/** Nested objects become properties with dotted names: `{"a":{"b":1}}` becomes `{"a.b":1}`. */
export function flatten(text: string): string {
  return edit(text, (members) => {
    const leaves = members.map((member) => leavesOf(text, member))
    const names = new Set(leaves.flatMap((parts, index) => (parts ?? [leafOf(text, members[index])]).map(({ name }) => name)))
    const count = leaves.reduce((sum, parts) => sum + (parts?.length ?? 1), 0)
    // Two values of one name are never merged: only the user knows which one is right.
    if (names.size < count || leaves.every((parts) => parts === undefined)) return []
    const kept = members.flatMap(({ nameStart, valueEnd }, index) => {
      const parts = leaves[index]
      return parts === undefined
        ? [text.slice(nameStart, valueEnd)]
        : parts.map(({ name, lexeme }) => `${JSON.stringify(name)}:${lexeme}`)
    })
    return [{ start: text.indexOf('{') + 1, end: text.lastIndexOf('}'), text: kept.join(',') }]
  })
}

function leafOf(text: string, member: Member | undefined): Leaf {
  return { name: member?.name ?? '', lexeme: member === undefined ? '' : text.slice(member.valueStart, member.valueEnd) }
}

/** @returns undefined if the value of the member stays as it is */
function leavesOf(text: string, member: Member): readonly Leaf[] | undefined {
  const leaf = leafOf(text, member)
  return leaf.lexeme.startsWith('{') && !RESERVED.has(member.name) ? leavesIn(leaf, 1) : undefined
}

function leavesIn({ name, lexeme }: Leaf, depth: number): readonly Leaf[] | undefined {
  if (depth > MAX_DEPTH) return undefined
  const leaves: Leaf[] = []
  for (const inner of membersOf(lexeme)) {
    const leaf = { name: `${name}.${inner.name}`, lexeme: lexeme.slice(inner.valueStart, inner.valueEnd) }
    const parts = leaf.lexeme.startsWith('{') ? leavesIn(leaf, depth + 1) : [leaf]
    if (parts === undefined) return undefined
    leaves.push(...parts)
  }
  return leaves
}
