/**
 * Decodes the key of an object in an S3 event. It is form-urlencoded: a space is `+` and a plus is `%2B`.
 *
 * @throws URIError if it is not encoded like this
 * @see Amazon S3, "Event message structure"
 */
export function decodeObjectKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '))
}
