import { noAnswer, status, ACCEPTED, type Model, type Reply } from './simulation.ts'

/** Endpoints, each with what limits it. */

/** Answers after that time, however many there are. */
export function unlimited(latencyMs: number): () => Reply {
  return () => ({ answer: ACCEPTED, afterMs: latencyMs })
}

/** So many servers; who finds none free waits in a queue, and nobody is refused. */
export function queueing(servers: number, serviceMs: number): Model {
  const freeAt = Array.from({ length: servers }, () => 0)
  return ({ ms }) => {
    const index = freeAt.indexOf(Math.min(...freeAt))
    const done = Math.max(ms, freeAt[index]!) + serviceMs
    freeAt[index] = done
    return { answer: ACCEPTED, afterMs: done - ms }
  }
}

/** Takes so many in each second of its clock, and refuses the rest of that second. */
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

/** A token bucket: so many in a second, and so many at once. */
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

/** Refuses at once what comes while it works on so many. @param spread of its latency, as a share of it */
export function concurrent(capacity: number, latencyMs: number, spread = 0): Model {
  return ({ inFlight, chance }) =>
    inFlight > capacity
      ? { answer: status(429), afterMs: 3 }
      : { answer: ACCEPTED, afterMs: latencyMs * (1 + spread * (chance() - 0.5)) }
}

/** Slower the more it works on, and refuses beyond its capacity, which changes with time. */
export function degrading(capacityAt: (ms: number) => number, latencyMs: number): Model {
  return ({ ms, inFlight }) => {
    const load = inFlight / capacityAt(ms)
    return load > 1 ? { answer: status(503), afterMs: 5 } : { answer: ACCEPTED, afterMs: latencyMs * (1 + load ** 2) }
  }
}

/** One that now and then has a fault of its own, or cuts the connection. */
export function faulty(inner: Model, faults: number, cuts: number): Model {
  return (arrival) => {
    const dice = arrival.chance()
    if (dice < faults) return { answer: status(500), afterMs: 10 }
    if (dice < faults + cuts) return { answer: noAnswer('ECONNRESET'), afterMs: 10 }
    return inner(arrival)
  }
}

/** One that now and then stalls, and then answers as if nothing had been. */
export function stalling(inner: Model, share: number, stallMs: number): Model {
  return (arrival) => (arrival.chance() < share ? { answer: ACCEPTED, afterMs: stallMs } : inner(arrival))
}
