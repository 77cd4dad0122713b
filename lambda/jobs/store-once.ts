import type { DocumentKey, Ports } from '../ports.ts'

/** S3 can refuse a write although no other run has written (409). */
const MAX_TRIES = 10

/**
 * Stores a document that is never replaced, unless another run has stored it.
 *
 * @param read what is stored, or undefined if it is damaged: then it is replaced
 * @returns the document that is stored
 * @throws the error of `read`, or of S3
 */
export async function storeOnce<T extends object>(
  key: DocumentKey,
  value: T,
  read: (value: unknown) => T | undefined,
  { checkpoints }: Pick<Ports, 'checkpoints'>,
): Promise<T> {
  let expected: string | undefined
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    if ((await checkpoints.put(key, value, expected)) !== undefined) return value
    const found = await checkpoints.find(key)
    const stored = read(found?.value)
    if (stored !== undefined) return stored
    expected = found?.tag
  }
  throw new Error(`${key.key} is written by another run again and again.`)
}
