import type { Notifications } from './notifications.ts'
import { versionHeader, type Objects } from './objects.ts'
import type { Store, Tag } from './store.ts'
import { textBody, type Call } from './wire.ts'
import { contentsOf, documentOf, elements, notImplemented, S3Error, textOf } from './xml.ts'

const MAX_TAGS = 10
const MAX_NAME_LENGTH = 128
const MAX_VALUE_LENGTH = 256
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** The operations on the tags of an object: put, get, delete. */
export class Tagging {
  readonly #store: Store
  readonly #objects: Pick<Objects, 'find'>
  readonly #notifications: Notifications

  constructor(store: Store, objects: Pick<Objects, 'find'>, notifications: Notifications) {
    this.#store = store
    this.#objects = objects
    this.#notifications = notifications
  }

  async answer({ method, bucket, key, query, request, response }: Call): Promise<void> {
    const object = this.#objects.find(bucket, key, query.get('versionId') ?? undefined)
    if (method === 'GET') {
      const tags = this.#store.tagsOf(object).map(({ Key, Value }) => `<Tag>${elements({ Key, Value })}</Tag>`)
      response.writeHead(200, { 'content-type': 'application/xml', ...versionHeader(object) })
      response.end(documentOf('Tagging', `<TagSet>${tags.join('')}</TagSet>`))
      return
    }
    if (method !== 'PUT' && method !== 'DELETE') throw notImplemented(`${method} ?tagging of an object`)
    const tags = method === 'PUT' ? parseTags(await textBody(request)) : []
    this.#store.transaction(() => {
      this.#store.tag(object, tags)
      this.#notifications.write(object, method === 'PUT' ? 'ObjectTagging:Put' : 'ObjectTagging:Delete')
    })
    this.#notifications.deliver()
    response.writeHead(method === 'PUT' ? 200 : 204, versionHeader(object)).end()
  }
}

/** @see Amazon S3, "Categorizing your storage using tags" */
function parseTags(xml: string): readonly Tag[] {
  if (textOf(xml, 'TagSet') === undefined && !/<TagSet\s*\/>/.test(xml))
    throw new S3Error(
      400,
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    )
  const tags = contentsOf(xml, 'Tag').map((tag) => ({ Key: textOf(tag, 'Key') ?? '', Value: textOf(tag, 'Value') ?? '' }))
  if (tags.length > MAX_TAGS) throw new S3Error(400, 'BadRequest', 'Object tags cannot be greater than 10')
  for (const { Key, Value } of tags) {
    if (Key === '' || Key.length > MAX_NAME_LENGTH || Key.startsWith('aws:') || !ALLOWED.test(Key))
      throw new S3Error(400, 'InvalidTag', 'The TagKey you have provided is invalid')
    if (Value.length > MAX_VALUE_LENGTH || !ALLOWED.test(Value))
      throw new S3Error(400, 'InvalidTag', 'The TagValue you have provided is invalid')
  }
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length)
    throw new S3Error(400, 'InvalidTag', 'Cannot provide multiple Tags with the same key')
  return tags
}
