import type { AliasGroup } from './part.ts'
import type { AliasGroups } from './alias-groups.ts'

/** Bytes of a fingerprint. */
const MEMBER_BYTES = 8
/** The number of members, and the first line. */
const HEAD_BYTES = 8

/** The groups in base64: each as its number of members, its first line, and the fingerprints of the members. */
export function encodeGroups(aliases: AliasGroups): string {
  const groups = aliases.groups()
  const length = groups.reduce((sum, { members }) => sum + HEAD_BYTES + MEMBER_BYTES * members.length, 0)
  const bytes = Buffer.alloc(length)
  let at = 0
  for (const { first, members } of groups) {
    at = bytes.writeUInt32LE(members.length, at)
    at = bytes.writeUInt32LE(first, at)
    for (const [high, low] of members) at = bytes.writeInt32LE(low, bytes.writeInt32LE(high, at))
  }
  return bytes.toString('base64')
}

/** Joins all identities of each group. */
export function joinGroups(encoded: string, aliases: AliasGroups): void {
  const bytes = Buffer.from(encoded, 'base64')
  for (const { at, identities, first } of groupsIn(bytes)) {
    const high = bytes.readInt32LE(at)
    const low = bytes.readInt32LE(at + 4)
    for (let member = 1; member < identities; member += 1) {
      const position = at + member * MEMBER_BYTES
      aliases.join(first, high, low, bytes.readInt32LE(position), bytes.readInt32LE(position + 4))
    }
  }
}

/** The sizes of all groups. */
export function* groupSizes(encoded: string): Generator<AliasGroup> {
  for (const { identities, first } of groupsIn(Buffer.from(encoded, 'base64'))) yield { identities, first }
}

function* groupsIn(bytes: Buffer): Generator<AliasGroup & { readonly at: number }> {
  for (let start = 0; start < bytes.length;) {
    const identities = bytes.readUInt32LE(start)
    const at = start + HEAD_BYTES
    yield { identities, first: bytes.readUInt32LE(start + 4), at }
    start = at + identities * MEMBER_BYTES
  }
}
