import type { AliasGroup } from './part.ts'
import type { AliasGroups } from './alias-groups.ts'
import { fromBase64, toBase64 } from './base64.ts'

/** Bytes of a fingerprint: 16 bits of its high half, and its low half. */
const MEMBER_BYTES = 6

/**
 * The groups in base64: each as its number of members, the distance of its first line from that of the group before, and the fingerprints
 * of the members. Most groups are pairs, and take 14 bytes.
 */
export function encodeGroups(aliases: AliasGroups): string {
  const roots = aliases.roots()
  const bytes = new DataView(new ArrayBuffer(lengthOf(aliases, roots)))
  /** For each root, where the next member of its group is written. */
  const next = new Uint32Array(aliases.identities)
  let at = 0
  let line = 0
  for (const root of roots) {
    at = writeNumber(bytes, aliases.sizeOf(root), at)
    at = writeNumber(bytes, aliases.firstOf(root) - line, at)
    line = aliases.firstOf(root)
    next[root] = at
    at += MEMBER_BYTES * aliases.sizeOf(root)
  }
  for (let index = 0; index < aliases.identities; index += 1) {
    const root = aliases.rootOf(index)
    const position = next[root] ?? 0
    if (position === 0) continue // an identity that is merged with none, e.g. one that differs from the other in a comma only
    bytes.setUint16(position, aliases.highOf(index) & 0xffff, true)
    bytes.setInt32(position + 2, aliases.lowOf(index), true)
    next[root] = position + MEMBER_BYTES
  }
  return toBase64(new Uint8Array(bytes.buffer))
}

/** Joins all identities of each group. @param linesBefore added to the line numbers */
export function joinGroups(encoded: string, aliases: AliasGroups, linesBefore = 0): void {
  const bytes = viewOf(encoded)
  for (const { at, identities, first } of groupsIn(bytes)) {
    const high = bytes.getUint16(at, true)
    const low = bytes.getInt32(at + 2, true)
    for (let member = 1; member < identities; member += 1) {
      const position = at + member * MEMBER_BYTES
      aliases.join(linesBefore + first, high, low, bytes.getUint16(position, true), bytes.getInt32(position + 2, true))
    }
  }
}

/** The sizes of all groups. */
export function* groupSizes(encoded: string): Generator<AliasGroup> {
  for (const { identities, first } of groupsIn(viewOf(encoded))) yield { identities, first }
}

function viewOf(encoded: string): DataView {
  return new DataView(fromBase64(encoded).buffer)
}

function* groupsIn(bytes: DataView): Generator<AliasGroup & { readonly at: number }> {
  let line = 0
  for (let start = 0; start < bytes.byteLength;) {
    const [identities, afterSize] = readNumber(bytes, start)
    const [distance, at] = readNumber(bytes, afterSize)
    line += distance
    yield { identities, first: line, at }
    start = at + identities * MEMBER_BYTES
  }
}

function lengthOf(aliases: AliasGroups, roots: Uint32Array): number {
  let length = 0
  let line = 0
  for (const root of roots) {
    const size = aliases.sizeOf(root)
    length += bytesOf(size) + bytesOf(aliases.firstOf(root) - line) + MEMBER_BYTES * size
    line = aliases.firstOf(root)
  }
  return length
}

// Numbers take 7 bits of each byte, the lowest first. The highest bit says that more bytes follow (LEB128).

function bytesOf(number: number): number {
  let bytes = 1
  for (let rest = number; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1
  return bytes
}

/** @returns where the number ends */
function writeNumber(bytes: DataView, number: number, start: number): number {
  let at = start
  let rest = number
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    bytes.setUint8(at, (rest % 128) + 128)
    at += 1
  }
  bytes.setUint8(at, rest)
  return at + 1
}

function readNumber(bytes: DataView, start: number): readonly [number: number, end: number] {
  let number = 0
  let at = start
  for (let unit = 1; ; unit *= 128) {
    const byte = bytes.getUint8(at)
    at += 1
    number += (byte % 128) * unit
    if (byte < 128) return [number, at]
  }
}
