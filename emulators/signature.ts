import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** The only credentials that an emulator accepts. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface SignedRequest {
  readonly method: string
  /** Path and query, as sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Hexadecimal SHA-256 of the body, or the text that stands for it. */
  readonly payloadHash: string
}

/**
 * Whether the request has a valid signature of AWS, version 4, made with these credentials.
 *
 * Its date is not checked: only a program that knows the secret could have recorded the request.
 *
 * @see AWS Identity and Access Management, "Create a signed AWS API request"
 */
export function isSigned(
  { method, url, headers, payloadHash }: SignedRequest,
  { accessKeyId, secretAccessKey }: Credentials,
): boolean {
  const [, credential = '', signedHeaders = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? []
  const [keyId = '', ...scope] = credential.split('/')
  if (scope.length !== 4 || !isEqual(keyId, accessKeyId) || !signedHeaders.split(';').includes('host')) return false
  const [path = '', query = ''] = url.split('?', 2)
  const canonical = [
    method,
    path,
    canonicalQuery(query),
    ...signedHeaders.split(';').map((name) => `${name}:${canonicalValue(headers[name])}`),
    '',
    signedHeaders,
    payloadHash,
  ].join('\n')
  const date = String(headers['x-amz-date'])
  const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join('\n')
  const key = scope.reduce((secret: string | Buffer, part) => hmac(secret, part).digest(), `AWS4${secretAccessKey}`)
  return isEqual(signature, hmac(key, text).digest('hex'))
}

function hmac(key: string | Buffer, text: string): ReturnType<typeof createHmac> {
  return createHmac('sha256', key).update(text)
}

function canonicalValue(value: string | string[] | undefined): string {
  return String(value ?? '')
    .trim()
    .replaceAll(/\s+/g, ' ')
}

/** Sorted by name and then by value, each encoded as AWS asks for. */
function canonicalQuery(query: string): string {
  if (query === '') return ''
  return query
    .split('&')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return `${encode(name)}=${encode(value.join('='))}`
    })
    .toSorted()
    .join('&')
}

function encode(text: string): string {
  return encodeURIComponent(decodeURIComponent(text)).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Compares in constant time, so that the time does not tell how much is right. */
export function isEqual(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}
