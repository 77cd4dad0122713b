import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { makeCertificate, SlowSink } from '../../bench/slow-sink.ts'

const LATENCY_MS = 5
const REQUESTS = 8

test('an endpoint of the benchmark answers no request early, and reports how long its answers took', async () => {
  await using sink = await SlowSink.start({ latencyMs: LATENCY_MS, requests: REQUESTS })
  for (let request = 0; request < REQUESTS; request += 1) expect((await fetch(sink.url)).status).toBe(200)
  const { latencyMs, perSecond } = await sink.served
  expect(latencyMs).toBeGreaterThan(LATENCY_MS - 0.3)
  expect(perSecond).toBeLessThanOrEqual(1000 / (LATENCY_MS - 0.3))
})

test('it speaks TLS, with a certificate for localhost', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'km-bench-sink-'))
  try {
    const certificate = await makeCertificate(folder)
    await using sink = await SlowSink.start({ latencyMs: 1, requests: REQUESTS, certificate })
    const ca = await readFile(certificate.certFile)
    const status = await new Promise((resolve, reject) => {
      get(sink.url, { ca }, (response) => {
        resolve(response.resume().statusCode)
      }).on('error', reject)
    })
    expect(status).toBe(200)
  } finally {
    await rm(folder, { recursive: true })
  }
})
