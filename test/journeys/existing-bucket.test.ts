import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { clock } from '../../lambda/adapters/clock.ts'
import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { s3Listing } from '../../lambda/adapters/s3-objects.ts'
import { sqsImportQueue } from '../../lambda/adapters/sqs.ts'
import { search } from '../../lambda/jobs/search.ts'
import { STALE_MS } from '../../lambda/report/report.ts'
import { parsePlaces } from '../../lambda/settings/places.ts'
import { startFaultSink } from '../support/fault-sink.ts'
import { Installation } from '../support/installation.ts'

const UPLOADS = 'team-uploads'
const SOURCES = `s3://${BUCKET}/incoming/,s3://${UPLOADS}/exports/km/`
const GOOD = '{"_p":"a","_n":"Visited","_t":1393344604}\n'
const BAD = '{"_p":"a","_n":"Visited","_t":1393344604000}\n'

test('a file in an existing bucket is imported, by its event or by a search, and the bucket is only read', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url, { KM_SOURCES: SOURCES })
  const { s3, sqs, importQueueUrl } = installation.cloud
  await s3.send(new CreateBucketCommand({ Bucket: UPLOADS }))
  const upload = async (key: string, body: string) => {
    const { ETag = '' } = await s3.send(new PutObjectCommand({ Bucket: UPLOADS, Key: key, Body: body }))
    return ETag.replaceAll('"', '')
  }
  const etag = await upload('exports/km/a b+c.json', GOOD + BAD)
  const missedEtag = await upload('exports/km/missed.json', GOOD)
  await upload('exports/others/x.json', GOOD)

  await installation.sendToImportQueue(
    JSON.stringify({
      'detail-type': 'Object Created',
      source: 'aws.s3',
      detail: { bucket: { name: UPLOADS }, object: { key: 'exports/km/a b+c.json', size: GOOD.length + BAD.length, etag } },
    }),
  )
  expect(await installation.finalReport('exports/km/a b+c.json', etag)).toMatchObject({
    state: 'complete-with-rejects',
    file: { bucket: UPLOADS, key: 'exports/km/a b+c.json' },
    lines: { delivered: 1, rejected: 1 },
  })
  expect(await installation.receiveDeadLetters()).toMatchObject([
    { source: { bucket: UPLOADS, key: 'exports/km/a b+c.json', line: 2 } },
  ])

  const listing = s3Listing(s3, parsePlaces(SOURCES, BUCKET), BUCKET)
  const ports = { listing, reports: s3Reports(s3, BUCKET), importQueue: sqsImportQueue(sqs, importQueueUrl), clock }
  const found = await search(ports, { staleMs: STALE_MS })
  expect(found).toMatchObject({ files: 2, queued: 1 })
  expect(await installation.finalReport('exports/km/missed.json', missedEtag)).toMatchObject({ state: 'complete' })
  await installation.idle()
  expect(sink.seen).toHaveLength(2)

  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: UPLOADS }))
  expect(Contents.map(({ Key }) => Key)).toEqual(['exports/km/a b+c.json', 'exports/km/missed.json', 'exports/others/x.json'])
})
