import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from '@jest/globals'
import { startKissmetricsEmulator } from '../../emulators/kissmetrics/server.ts'
import { countMessages } from '../../cli/deployment/queue-depth.ts'
import { BUCKET } from '../../cli/local/addresses.ts'
import { startLocalServices } from '../../cli/local/services.ts'
import { HAS_BROWSER, openBrowser } from '../support/browser.ts'
import { TEST_WIRING } from '../support/installation.ts'

const API_KEY = 'ab'.repeat(20)
/** Resolves to this computer, as a name does that its owner has rebound. */
const REBOUND = 'rebound.example'
const KEY = 'incoming/replays/kept.txt'

const testWithBrowser = HAS_BROWSER ? test : test.skip

testWithBrowser(
  'a web page reaches none of the local services, neither from another site nor by a name that resolves to this computer',
  async () => {
    await using cleanup = new AsyncDisposableStack()
    const folder = await mkdtemp(path.join(tmpdir(), 'km-web-page-'))
    cleanup.defer(() => rm(folder, { recursive: true }))
    const services = await startLocalServices(folder, 0, { ...TEST_WIRING, bucket: { versioned: true, notifications: [] } })
    cleanup.defer(() => services.stop())
    const kissmetrics = await startKissmetricsEmulator({ dir: path.join(folder, 'kissmetrics'), apiKey: API_KEY })
    cleanup.defer(() => kissmetrics.stop())
    const site = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<h1>another site</h1>'),
    )
    site.listen(0, '127.0.0.1')
    await once(site, 'listening')
    cleanup.defer(() => {
      site.close()
    })
    await services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: 'kept' }))
    const browser = await openBrowser({ hosts: [REBOUND] })
    cleanup.defer(() => browser.close())
    const page = await browser.newPage()
    // A page that its owner delivered before the name was rebound to this computer.
    await page.route('**/page', (route) => route.fulfill({ contentType: 'text/html', body: '<h1>rebound</h1>' }))

    const servers = [services.s3Url, services.sqsUrl, kissmetrics.url]
    const rebound = servers.map((url) => url.replace('127.0.0.1', REBOUND))
    const readable: string[] = []
    for (const start of [`http://127.0.0.1:${(site.address() as AddressInfo).port}/`, ...rebound]) {
      await page.goto(new URL('/page', start).href)
      // From its own origin, a rebound page may send anything. From another one, it may send what a form or an image can.
      const targets = start.includes(REBOUND) ? [new URL(start).origin] : servers
      readable.push(
        ...(await page.evaluate(attack, { targets, bucket: BUCKET, key: KEY, queueUrl: services.deadLetterQueueUrl })),
      )
    }

    expect(readable).toEqual([])
    const { Versions = [], DeleteMarkers = [] } = await services.s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET }))
    expect(Versions.map((version) => version.Key)).toEqual([KEY])
    expect(DeleteMarkers).toEqual([])
    expect(await countMessages(services.sqs, services.deadLetterQueueUrl)).toBe(0)
    expect(await (await fetch(`${kissmetrics.url}/requests?_k=${API_KEY}`)).json()).toEqual([])
  },
)

/** Runs in the page. @returns the successful answers that the page can read */
async function attack({
  targets,
  bucket,
  key,
  queueUrl,
}: {
  readonly targets: readonly string[]
  readonly bucket: string
  readonly key: string
  readonly queueUrl: string
}): Promise<readonly string[]> {
  const remove = `<Delete><Object><Key>${key}</Key></Object></Delete>`
  const send = JSON.stringify({ QueueUrl: queueUrl, MessageBody: 'forged' })
  const sqsHeaders = { 'x-amz-target': 'AmazonSQS.SendMessage' }
  const requests: readonly (readonly [string, RequestInit])[] = [
    [`/${bucket}/${key}`, {}],
    [`/${bucket}?list-type=2`, {}],
    [`/${bucket}/incoming/forged.json`, { method: 'PUT', body: '{}' }],
    [`/${bucket}?delete`, { method: 'POST', body: remove, headers: { 'content-type': 'text/plain' } }],
    [`/${bucket}/${key}`, { method: 'DELETE' }],
    ['/', { method: 'POST', body: send, headers: sqsHeaders }],
    ['/?Action=SendMessage', { method: 'POST', body: send, headers: { 'content-type': 'text/plain' } }],
    ['/summary', {}],
    ['/e?_k=0&_p=forged&_n=forged', {}],
    ['/e', { method: 'POST', body: new URLSearchParams({ _p: 'forged', _n: 'forged' }) }],
  ]
  const readable: string[] = []
  for (const target of targets) {
    for (const [address, init] of requests) {
      for (const mode of ['cors', 'no-cors'] as const) {
        const response = await fetch(target + address, { ...init, mode }).catch(() => undefined)
        if (response?.ok === true) readable.push(`${init.method ?? 'GET'} ${target}${address}`)
      }
    }
    const image = new Image()
    await new Promise((resolve) => {
      image.onload = image.onerror = resolve
      image.src = `${target}/e?_p=forged&_n=forged`
    })
    if (image.width > 0) readable.push(`image ${target}`)
  }
  return readable
}
