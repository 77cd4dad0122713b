import { toObject, type Store, type StoredObject } from './store.ts'

/** The largest page. */
export const MAX_KEYS = 1_000

export interface ObjectQuery {
  readonly prefix: string
  /** Keys with the same text between the prefix and this are folded into one; empty: none. */
  readonly delimiter?: string
  /** The page begins after this key. */
  readonly after: string
  readonly max: number
}

export interface ObjectPage {
  readonly contents: readonly StoredObject[]
  readonly prefixes: readonly string[]
  /** Where the next page begins; undefined on the last page. */
  readonly next: string | undefined
}

/** A page of keys in the order of their UTF-8 bytes. */
export function pageOfObjects(store: Store, bucket: string, { prefix, delimiter = '', after, max }: ObjectQuery): ObjectPage {
  store.bucket(bucket)
  const contents: StoredObject[] = []
  const prefixes: string[] = []
  let last = after
  for (const object of liveObjects(store, bucket, prefix, after)) {
    const folded = foldedPrefix(object.key, prefix, delimiter)
    if (folded !== undefined && (folded === prefixes.at(-1) || (delimiter !== '' && after.startsWith(folded)))) continue
    if (contents.length + prefixes.length >= max) return { contents, prefixes, next: max > 0 ? last : undefined }
    if (folded === undefined) contents.push(object)
    else prefixes.push(folded)
    // The next page must start after all keys with this prefix; no key sorts after this character.
    last = folded === undefined ? object.key : `${folded}\u{10ffff}`
  }
  return { contents, prefixes, next: undefined }
}

export interface VersionQuery {
  readonly prefix: string
  /** The page begins after this version, or after all versions of this key. */
  readonly after: { readonly key: string; readonly versionId: string | undefined }
  readonly max: number
}

export interface VersionPage {
  readonly versions: readonly StoredObject[]
  readonly isTruncated: boolean
}

/** A page of versions: the newest version of each key first. */
export function pageOfVersions(store: Store, bucket: string, { prefix, after, max }: VersionQuery): VersionPage {
  store.bucket(bucket)
  const versions: StoredObject[] = []
  for (const version of versionsAfter(store, bucket, prefix, after)) {
    if (versions.length >= max) return { versions, isTruncated: true }
    versions.push(version)
  }
  return { versions, isTruncated: false }
}

function* versionsAfter(
  store: Store,
  bucket: string,
  prefix: string,
  after: { readonly key: string; readonly versionId: string | undefined },
): Generator<StoredObject> {
  let isPast = after.key === ''
  const rows = store.db
    .prepare('SELECT * FROM objects WHERE bucket = ? AND key >= ? AND key >= ? ORDER BY key, sequence DESC')
    .iterate(bucket, after.key, prefix)
  for (const row of rows) {
    const object = toObject(row)
    if (!object.key.startsWith(prefix)) return
    if (isPast || object.key !== after.key) yield object
    else isPast = object.versionId === after.versionId
  }
}

/** Like S3, SQLite compares text by its UTF-8 bytes. */
function* liveObjects(store: Store, bucket: string, prefix: string, after: string): Generator<StoredObject> {
  const rows = store.db
    .prepare(
      'SELECT * FROM objects WHERE bucket = ? AND is_latest = 1 AND is_delete_marker = 0 AND key > ? AND key >= ? ORDER BY key',
    )
    .iterate(bucket, after, prefix)
  for (const row of rows) {
    const object = toObject(row)
    if (!object.key.startsWith(prefix)) return
    yield object
  }
}

function foldedPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at === -1 ? undefined : key.slice(0, at + delimiter.length)
}
