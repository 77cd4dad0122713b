import { toObject, type Store, type StoredObject } from './store.ts'
import { documentOf, elements, S3Error } from './xml.ts'

const MAX_KEYS = 1_000

/** ListObjectsV2: pages of keys in the order of their UTF-8 bytes, with common prefixes up to a delimiter. */
export function listObjects(store: Store, bucket: string, query: URLSearchParams): string {
  store.bucket(bucket)
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const max = maxKeysOf(query)
  const token = query.get('continuation-token')
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString()
  const encode = encoderOf(query)
  const contents: StoredObject[] = []
  const prefixes: string[] = []
  let last = after
  let isTruncated = false
  for (const object of liveObjects(store, bucket, prefix, after)) {
    const folded = foldedPrefix(object.key, prefix, delimiter)
    if (folded !== undefined && (folded === prefixes.at(-1) || (delimiter !== '' && after.startsWith(folded)))) continue
    if (contents.length + prefixes.length >= max) {
      isTruncated = max > 0
      break
    }
    if (folded === undefined) contents.push(object)
    else prefixes.push(folded)
    // The next page must start after all keys with this prefix; no key sorts after this character.
    last = folded === undefined ? object.key : `${folded}\u{10ffff}`
  }
  return documentOf(
    'ListBucketResult',
    elements({
      Name: bucket,
      Prefix: encode(prefix),
      Delimiter: delimiter === '' ? undefined : encode(delimiter),
      KeyCount: contents.length + prefixes.length,
      MaxKeys: max,
      EncodingType: query.get('encoding-type') ?? undefined,
      IsTruncated: isTruncated,
      ContinuationToken: token ?? undefined,
      NextContinuationToken: isTruncated ? Buffer.from(last).toString('base64url') : undefined,
    }) +
      contents.map((object) => `<Contents>${elements({ Key: encode(object.key), ...factsOf(object) })}</Contents>`).join('') +
      prefixes.map((folded) => `<CommonPrefixes>${elements({ Prefix: encode(folded) })}</CommonPrefixes>`).join(''),
  )
}

/** ListObjectVersions: the newest version of each key first. */
export function listVersions(store: Store, bucket: string, query: URLSearchParams): string {
  store.bucket(bucket)
  const prefix = query.get('prefix') ?? ''
  const max = maxKeysOf(query)
  const encode = encoderOf(query)
  const after = { key: query.get('key-marker') ?? '', versionId: query.get('version-id-marker') ?? undefined }
  const page: StoredObject[] = []
  let isTruncated = false
  for (const version of versionsAfter(store, bucket, prefix, after)) {
    isTruncated = page.length >= max
    if (isTruncated) break
    page.push(version)
  }
  const last = page.at(-1)
  const entries = page.map((object) => {
    const name = object.isDeleteMarker ? 'DeleteMarker' : 'Version'
    const facts = object.isDeleteMarker ? { LastModified: new Date(object.lastModified).toISOString() } : factsOf(object)
    return `<${name}>${elements({ Key: encode(object.key), VersionId: object.versionId, IsLatest: object.isLatest, ...facts })}</${name}>`
  })
  const head = elements({
    Name: bucket,
    Prefix: encode(prefix),
    MaxKeys: max,
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: isTruncated,
    NextKeyMarker: isTruncated && last !== undefined ? encode(last.key) : undefined,
    NextVersionIdMarker: isTruncated ? last?.versionId : undefined,
  })
  return documentOf('ListVersionsResult', head + entries.join(''))
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

function factsOf({ lastModified, etag, size }: StoredObject): Record<string, string | number> {
  return { LastModified: new Date(lastModified).toISOString(), ETag: `"${etag}"`, Size: size, StorageClass: 'STANDARD' }
}

function maxKeysOf(query: URLSearchParams): number {
  const max = Number(query.get('max-keys') ?? MAX_KEYS)
  if (!Number.isInteger(max) || max < 0) throw new S3Error(400, 'InvalidArgument', 'max-keys is not a whole number')
  return Math.min(max, MAX_KEYS)
}

function encoderOf(query: URLSearchParams): (text: string) => string {
  return query.get('encoding-type') === 'url' ? (text) => encodeURIComponent(text).replaceAll('%2F', '/') : (text) => text
}
