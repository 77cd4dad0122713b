import { listObjects, listVersions } from './listing-xml.ts'
import { answerXml, textBody, type Call, type Service } from './wire.ts'
import { contentsOf, documentOf, elements, notImplemented, S3Error, textOf } from './xml.ts'

/** The operations on a bucket. */
export async function answerBucket(service: Service, call: Call): Promise<void> {
  const { method, subresource } = call
  const answer = ANSWERS[`${method} ${subresource ?? ''}`.trim()]
  if (answer === undefined) throw notImplemented(`${method} ${subresource === undefined ? 'on a bucket' : `?${subresource}`}`)
  await answer(service, call)
}

type Answer = (service: Service, call: Call) => void | Promise<void>

const ANSWERS: Readonly<Record<string, Answer>> = {
  PUT: create,
  HEAD: ({ store, region }, { bucket, response }) => {
    store.bucket(bucket)
    response.writeHead(200, { 'x-amz-bucket-region': region }).end()
  },
  DELETE: remove,
  GET: ({ store }, { bucket, query, response }) => {
    if (query.get('list-type') !== '2') throw notImplemented('ListObjects version 1')
    answerXml(response, listObjects(store, bucket, query))
  },
  'GET versions': ({ store }, { bucket, query, response }) => {
    if (query.has('delimiter')) throw notImplemented('A delimiter for ListObjectVersions')
    answerXml(response, listVersions(store, bucket, query))
  },
  'GET location': ({ store }, { bucket, response }) => {
    store.bucket(bucket)
    answerXml(response, documentOf('LocationConstraint', ''))
  },
  'GET versioning': ({ store }, { bucket, response }) => {
    answerXml(response, documentOf('VersioningConfiguration', elements({ Status: store.bucket(bucket).versioning })))
  },
  'PUT versioning': async ({ store }, { bucket, request, response }) => {
    store.bucket(bucket)
    const status = textOf(await textBody(request), 'Status')
    if (status !== 'Enabled' && status !== 'Suspended')
      throw new S3Error(400, 'IllegalVersioningConfigurationException', 'The versioning configuration is not valid.')
    store.changeBuckets('UPDATE buckets SET versioning = ? WHERE name = ?', status, bucket)
    response.writeHead(200).end()
  },
  'GET notification': ({ store, notifications }, { bucket, response }) => {
    store.bucket(bucket)
    answerXml(response, documentOf('NotificationConfiguration', notifications.describe(bucket)))
  },
  'PUT notification': async ({ store, notifications }, { bucket, request, response }) => {
    store.bucket(bucket)
    notifications.configure(bucket, await textBody(request))
    response.writeHead(200).end()
  },
  'POST delete': removeMany,
}

/** In us-east-1, creating a bucket that you already own succeeds. */
async function create({ store }: Service, { bucket, request, response }: Call): Promise<void> {
  await textBody(request)
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.')
  store.changeBuckets('INSERT OR IGNORE INTO buckets (name, created_at) VALUES (?, ?)', bucket, Date.now())
  response.writeHead(200, { location: `/${bucket}` }).end()
}

function remove({ store }: Service, { bucket, response }: Call): void {
  store.bucket(bucket)
  const first = store.db.prepare('SELECT 1 FROM objects WHERE bucket = ? LIMIT 1').get(bucket)
  if (first !== undefined) throw new S3Error(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty')
  store.changeBuckets('DELETE FROM buckets WHERE name = ?', bucket)
  response.writeHead(204).end()
}

async function removeMany({ store, objects }: Service, { bucket, request, response }: Call): Promise<void> {
  store.bucket(bucket)
  const xml = await textBody(request)
  const deleted: string[] = []
  for (const entry of contentsOf(xml, 'Object')) {
    const key = textOf(entry, 'Key') ?? ''
    const versionId = textOf(entry, 'VersionId')
    const gone = await objects.remove(bucket, key, versionId, {})
    const marker =
      gone?.isDeleteMarker === true && versionId === undefined
        ? { DeleteMarker: true, DeleteMarkerVersionId: gone.versionId }
        : {}
    deleted.push(`<Deleted>${elements({ Key: key, VersionId: versionId, ...marker })}</Deleted>`)
  }
  answerXml(response, documentOf('DeleteResult', textOf(xml, 'Quiet') === 'true' ? '' : deleted.join('')))
}
