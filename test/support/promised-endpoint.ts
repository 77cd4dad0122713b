import type { Answer } from '../../lambda/deliver/classify.ts'
import type { Request } from '../../lambda/parse/request.ts'
import type { Endpoint } from '../../lambda/ports.ts'

/** An endpoint that a test writes with promises. */
export function promisedEndpoint(answerTo: (request: Request) => Promise<Answer>): Endpoint {
  return {
    origin: 'https://endpoint.test',
    send: (request, onAnswer) => {
      void answerTo(request).then(onAnswer)
    },
  }
}

/** One request, and the promise of its answer. */
export function answerOf(endpoint: Endpoint, request: Request): Promise<Answer> {
  return new Promise((resolve) => {
    endpoint.send(request, resolve)
  })
}
