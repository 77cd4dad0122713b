import { asBytes, shortLines } from './files.ts'
import type { Lab } from './lab.ts'
import type { Result } from './result.ts'
import { makeCertificate, SlowSink, type Certificate } from './slow-sink.ts'

const LATENCIES_MS = [50, 100]
const IN_FLIGHT = [64, 256, 512]
/** At best. Connecting and the survey of the file are not measured, but need time too. */
const SECONDS = 8

/**
 * How much of what a latency allows the whole importer delivers: 100 % would be `slots / latency`. The latency is what the endpoint has measured,
 * because its timers are late if the machine is busy.
 */
export async function benchLatency(lab: Lab, seconds = SECONDS): Promise<readonly Result[]> {
  const certificate = await makeCertificate(lab.folder)
  const results: Result[] = []
  for (const latencyMs of LATENCIES_MS)
    for (const inFlight of IN_FLIGHT)
      for (const tls of [undefined, certificate])
        results.push({
          name: `share of ideal, ${latencyMs} ms, ${inFlight} in flight, ${tls === undefined ? 'plain' : 'TLS'}`,
          value: await shareOfIdeal(lab, { latencyMs, inFlight, seconds, certificate: tls }),
          unit: 'ratio',
          target: '>= 0.97',
        })
  return results
}

interface Setting {
  readonly latencyMs: number
  readonly inFlight: number
  readonly seconds: number
  readonly certificate: Certificate | undefined
}

async function shareOfIdeal(lab: Lab, { latencyMs, inFlight, seconds, certificate }: Setting): Promise<number> {
  const requests = Math.round((inFlight * 1000 * seconds) / latencyMs)
  await using sink = await SlowSink.start({ latencyMs, requests, ...(certificate && { certificate }) })
  const env = certificate && { NODE_EXTRA_CA_CERTS: certificate.certFile }
  await lab.importOnce(asBytes(shortLines(requests)), { sinkUrl: sink.url, inFlight, env })
  const served = await sink.served
  return served.perSecond / ((inFlight * 1000) / served.latencyMs)
}
