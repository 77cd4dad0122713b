import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { AliasGroups } from '../../../lambda/survey/alias-groups.ts'
import { encodeGroups, groupSizes, joinGroups } from '../../../lambda/survey/encode-groups.ts'

const pairs = fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 60 })

/** The same low half for several identities, so that they meet in the hash table. */
const join = (aliases: AliasGroups, [a, b]: readonly [number, number], line: number) => {
  aliases.join(line, a, a % 7, b, b % 7)
}

/** Sizes and first lines of the groups, found by repeated search. */
function modelOf(list: readonly (readonly [number, number])[]): readonly (readonly [identities: number, first: number])[] {
  let groups: { members: Set<number>; first: number }[] = []
  for (const [index, [a, b]] of list.entries()) {
    const touched = groups.filter(({ members }) => members.has(a) || members.has(b))
    const members = new Set([a, b, ...touched.flatMap((group) => [...group.members])])
    groups = [
      ...groups.filter((group) => !touched.includes(group)),
      { members, first: Math.min(index + 1, ...touched.map(({ first }) => first)) },
    ]
  }
  return groups
    .filter(({ members }) => members.size > 1)
    .map(({ members, first }) => [members.size, first] as const)
    .sort(([, a], [, b]) => a - b)
}

const sizesOf = (encoded: string) => Array.from(groupSizes(encoded), ({ identities, first }) => [identities, first])

test('stars, chains and cycles: the groups are those of a simple search, and repeated pairs change nothing', () => {
  fc.assert(
    fc.property(pairs, (list) => {
      const aliases = new AliasGroups()
      for (const [index, pair] of list.entries()) join(aliases, pair, index + 1)
      const encoded = encodeGroups(aliases)
      for (const [a, b] of list) join(aliases, [b, a], 1_000)
      const expected = modelOf(list)
      expect(sizesOf(encoded)).toEqual(expected)
      expect(encodeGroups(aliases)).toBe(encoded)
      const most = Math.max(0, ...expected.map(([identities]) => identities))
      expect(aliases.largest()).toEqual(
        expected.filter(([identities]) => identities === most).map(([identities, first]) => ({ identities, first }))[0],
      )
    }),
  )
})

test('groups of several parts are joined exactly, and an identity of two parts connects them', () => {
  fc.assert(
    fc.property(pairs, fc.nat(60), (list, cut) => {
      const whole = new AliasGroups()
      for (const part of [list.slice(0, cut), list.slice(cut)]) {
        const aliases = new AliasGroups()
        for (const pair of part) join(aliases, pair, list.indexOf(pair) + 1)
        joinGroups(encodeGroups(aliases), whole)
      }
      const sizes = (groups: readonly (readonly number[])[]) => groups.map(([identities]) => identities).sort()
      expect(sizes(sizesOf(encodeGroups(whole)))).toEqual(sizes(modelOf(list)))
    }),
  )
})

test('large groups and distant lines are encoded exactly', () => {
  const aliases = new AliasGroups()
  const expected: [number, number][] = []
  let identity = 0
  for (const [size, line] of [
    [2, 1],
    [127, 128],
    [128, 255],
    [129, 16_384],
    [16_400, 50_000_000],
    [3, 4_000_000_000],
  ] as const) {
    const first = identity
    for (let member = 1; member < size; member += 1)
      aliases.join(line, first % 65_536, -first, (first + member) % 65_536, -(first + member))
    identity += size
    expected.push([size, line])
  }
  const merged = new AliasGroups()
  joinGroups(encodeGroups(aliases), merged)
  expect(sizesOf(encodeGroups(aliases))).toEqual(expected)
  expect(encodeGroups(merged)).toBe(encodeGroups(aliases))
})

test('more identities than can be compared: no groups are kept, only the size of the largest', () => {
  const aliases = new AliasGroups(1_000)
  for (let index = 1; index < 1_000; index += 1) join(aliases, [0, index], index)
  expect([aliases.isComplete, aliases.largest()]).toEqual([true, { identities: 1_000, first: 1 }])
  join(aliases, [0, 1_000], 1_000)
  join(aliases, [1_001, 1_002], 1_001)
  expect([aliases.isComplete, encodeGroups(aliases), aliases.largest()]).toEqual([false, '', { identities: 1_000, first: 1 }])
  aliases.note({ identities: 999, first: 5 })
  expect(aliases.largest()).toEqual({ identities: 1_000, first: 1 })
  aliases.note({ identities: 1_001, first: 7 })
  expect(aliases.largest()).toEqual({ identities: 1_001, first: 7 })
})
