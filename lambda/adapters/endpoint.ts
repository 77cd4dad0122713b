import type { Dispatcher } from 'undici'
import type { Request } from '../parse/request.ts'
import type { Endpoint } from '../ports.ts'
import type { EndpointFigures } from './endpoint-stats.ts'
import { HttpPool, type HttpTimeouts } from './http-pool.ts'

const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded' }

export interface HttpEndpoint extends Endpoint {
  /** How the attempts since the last call have gone, and how many are in flight. */
  takeFigures(): EndpointFigures & { readonly inFlight: number }
  close(): Promise<void>
}

/** HTTP to Kissmetrics over connections that are kept alive. It decides nothing: deliver/classify.ts says what an answer means. */
export function kissmetricsEndpoint(origin: URL, maxSockets: number, timeouts: HttpTimeouts = {}): HttpEndpoint {
  const pool = new HttpPool(origin, maxSockets, timeouts)
  return {
    origin: origin.origin,
    send: (request, onAnswer) => {
      pool.send(optionsFor(request), onAnswer)
    },
    takeFigures: () => pool.takeFigures(),
    close: () => pool.close(),
  }
}

/** A request without a body has the form that undici takes. */
function optionsFor(request: Request): Dispatcher.DispatchOptions {
  return request.body === undefined ? request : { ...request, headers: FORM_HEADERS }
}
