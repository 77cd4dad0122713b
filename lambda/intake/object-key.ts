/**
 * The key of an object as S3 writes it into an event: form-urlencoded, so a space is `+` and a plus is `%2B`.
 *
 * @throws URIError where it is not so encoded
 * @see Amazon S3, "Event message structure"
 */
export function decodeObjectKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '))
}
