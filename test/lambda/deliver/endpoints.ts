import type { Answer } from '../../../lambda/deliver/classify.ts'
import { noAnswer, status, ACCEPTED, type Model, type Reply } from './simulation.ts'

/** Models of endpoints, each with another limit. */

/** Answers after the same time, however many requests there are. */
export function unlimited(latencyMs: number): () => Reply {
  return () => ({ answer: ACCEPTED, afterMs: latencyMs })
}

/** Works on so many requests at a time. The others wait in its queue, and none is refused. */
export function queueing(servers: number, serviceMs: number): Model {
  const freeAt = Array.from({ length: servers }, () => 0)
  return ({ ms }) => {
    const index = freeAt.indexOf(Math.min(...freeAt))
    const done = Math.max(ms, freeAt[index]!) + serviceMs
    freeAt[index] = done
    return { answer: ACCEPTED, afterMs: done - ms }
  }
}

/** Accepts so many requests in each second of its clock, and refuses the others. */
export function perSecond(rate: number, latencyMs: number, retryAfter?: string): Model {
  let second = -1
  let count = 0
  return ({ ms }) => {
    if (Math.floor(ms / 1000) !== second) count = 0
    second = Math.floor(ms / 1000)
    count += 1
    return count > rate ? { answer: status(429, retryAfter), afterMs: 5 } : { answer: ACCEPTED, afterMs: latencyMs }
  }
}

/** A token bucket: so many requests per second, and so many at once. */
export function bucket(rate: number, burst: number, latencyMs: number, retryAfter?: string): Model {
  let tokens = burst
  let last = 0
  return ({ ms }) => {
    tokens = Math.min(burst, tokens + ((ms - last) * rate) / 1000)
    last = ms
    if (tokens < 1) return { answer: status(429, retryAfter), afterMs: 5 }
    tokens -= 1
    return { answer: ACCEPTED, afterMs: latencyMs }
  }
}

/** Refuses requests while it works on so many. @param spread how much its latency varies, as a share of it */
export function concurrent(capacity: number, latencyMs: number, spread = 0): Model {
  return ({ inFlight, chance }) =>
    inFlight > capacity
      ? { answer: status(429), afterMs: 3 }
      : { answer: ACCEPTED, afterMs: latencyMs * (1 + spread * (chance() - 0.5)) }
}

/** Becomes slower under load, and refuses requests beyond its capacity, which changes with time. */
export function degrading(capacityAt: (ms: number) => number, latencyMs: number): Model {
  return ({ ms, inFlight }) => {
    const load = inFlight / capacityAt(ms)
    return load > 1 ? { answer: status(503), afterMs: 5 } : { answer: ACCEPTED, afterMs: latencyMs * (1 + load ** 2) }
  }
}

/** Sometimes fails, or cuts the connection. */
export function faulty(inner: Model, faults: number, cuts: number): Model {
  return (arrival) => {
    const dice = arrival.chance()
    if (dice < faults) return { answer: status(500), afterMs: 10 }
    if (dice < faults + cuts) return { answer: noAnswer('ECONNRESET'), afterMs: 10 }
    return inner(arrival)
  }
}

/** Sometimes stalls, and answers later than usual. */
export function stalling(inner: Model, share: number, stallMs: number): Model {
  return (arrival) => (arrival.chance() < share ? { answer: ACCEPTED, afterMs: stallMs } : inner(arrival))
}

/** Refuses some requests at random, whatever the load. */
export function refusing(inner: Model, share: number, answer: Answer): Model {
  return (arrival) => (arrival.chance() < share ? { answer, afterMs: 5 } : inner(arrival))
}
