import { MAX_KEYS, pageOfObjects, pageOfVersions } from './listing.ts'
import type { Store, StoredObject } from './store.ts'
import { documentOf, elements, S3Error } from './xml.ts'

/** ListObjectsV2. */
export function listObjects(store: Store, bucket: string, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const max = maxKeysOf(query)
  const token = query.get('continuation-token')
  const after = token === null ? (query.get('start-after') ?? '') : readToken(token)
  const encode = encoderOf(query)
  const { contents, prefixes, next } = pageOfObjects(store, bucket, { prefix, delimiter, after, max })
  return documentOf(
    'ListBucketResult',
    elements({
      Name: bucket,
      Prefix: encode(prefix),
      Delimiter: delimiter === '' ? undefined : encode(delimiter),
      KeyCount: contents.length + prefixes.length,
      MaxKeys: max,
      EncodingType: query.get('encoding-type') ?? undefined,
      IsTruncated: next !== undefined,
      ContinuationToken: token ?? undefined,
      NextContinuationToken: next === undefined ? undefined : tokenOf(next),
    }) +
      contents.map((object) => `<Contents>${elements({ Key: encode(object.key), ...factsOf(object) })}</Contents>`).join('') +
      prefixes.map((folded) => `<CommonPrefixes>${elements({ Prefix: encode(folded) })}</CommonPrefixes>`).join(''),
  )
}

/** ListObjectVersions. */
export function listVersions(store: Store, bucket: string, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? ''
  const max = maxKeysOf(query)
  const encode = encoderOf(query)
  const after = { key: query.get('key-marker') ?? '', versionId: query.get('version-id-marker') ?? undefined }
  const { versions, isTruncated } = pageOfVersions(store, bucket, { prefix, after, max })
  const last = versions.at(-1)
  const entries = versions.map((object) => {
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

/** A continuation token. */
export function tokenOf(next: string): string {
  return Buffer.from(next).toString('base64url')
}

export function readToken(token: string): string {
  return Buffer.from(token, 'base64url').toString()
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
