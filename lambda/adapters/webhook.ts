import { createHmac } from 'node:crypto'
import type { Answer } from '../deliver/classify.ts'
import { SetupError } from '../errors.ts'
import type { AnswerChannel, PushResult } from '../ports.ts'
import { HttpPool, type HttpTimeouts } from './http-pool.ts'

/** The signature of the body, as a receiver compares it. */
const SIGNATURE_HEADER = 'x-kissmetrics-importer-signature'

/**
 * A webhook: a POST with the answer as JSON. Any status from 200 to 299 accepts it.
 *
 * @param signingKey if it is given, each body is signed with HMAC-SHA256
 */
export function answerWebhook(
  address: URL,
  signingKey: (() => Promise<string>) | undefined,
  timeouts: HttpTimeouts = {},
): AnswerChannel {
  const pool = new HttpPool(new URL(address.origin), 1, timeouts)
  return {
    name: 'webhook',
    async push(answer) {
      try {
        const body = JSON.stringify(answer)
        const headers = { 'content-type': 'application/json', ...(await signatureOf(body, signingKey)) }
        const request = { method: 'POST', path: `${address.pathname}${address.search}`, body, headers } as const
        return resultOf(
          await new Promise((resolve) => {
            pool.send(request, resolve)
          }),
        )
      } catch (error) {
        if (error instanceof SetupError) return { kind: 'setup', code: error.code, detail: error.message }
        return { kind: 'failed', code: error instanceof Error ? error.name : 'unknown' }
      }
    },
  }
}

async function signatureOf(
  body: string,
  signingKey: (() => Promise<string>) | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (signingKey === undefined) return {}
  const signature = createHmac('sha256', await signingKey())
    .update(body)
    .digest('hex')
  return { [SIGNATURE_HEADER]: `sha256=${signature}` }
}

/** RFC 9110, 15.5: the same request would be refused again, except after these. A redirect is refused: it could lead anywhere. */
const RETRIED: ReadonlySet<number> = new Set([408, 425, 429])

function resultOf(answer: Answer): PushResult {
  if (answer.kind !== 'status') return { kind: 'failed', code: answer.code }
  const { status } = answer
  if (status >= 200 && status < 300) return { kind: 'accepted' }
  return { kind: status >= 500 || RETRIED.has(status) ? 'failed' : 'refused', code: String(status) }
}
