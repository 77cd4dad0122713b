import { codeOf } from '../../lambda/errors.ts'
import { openConnection } from './connection.ts'
import { unreachableText } from './unreachable.ts'

/** The user reads why nothing happens before wondering about it. */
const PATIENCE_MS = 1_000

/**
 * Tries a connection, and tells the user within a second if there is none, and why. It decides nothing: the importer tries again, and says
 * itself what it makes of an answer.
 *
 * @param tell called at most once, before this ends
 */
export async function nameUnreachable(
  url: URL,
  tell: (text: string) => void,
  { env = process.env, patienceMs = PATIENCE_MS }: { readonly env?: NodeJS.ProcessEnv; readonly patienceMs?: number } = {},
): Promise<void> {
  try {
    await openConnection(url, patienceMs)
  } catch (error) {
    tell(unreachableText(url, codeOfFirst(error), env))
  }
}

/** If a host has several addresses, their errors come as one AggregateError. Some errors have only a name. */
function codeOfFirst(error: unknown): string {
  const [first] = error instanceof AggregateError ? (error.errors as readonly unknown[]) : []
  return codeOf(error) || codeOf(first) || 'unknown error'
}
