import type { ServerResponse } from 'node:http'
import type { Notifications } from './notifications.ts'
import { versionHeader, type Objects } from './objects.ts'
import type { Store, Tag } from './store.ts'
import { contentsOf, documentOf, elements, S3Error, textOf } from './xml.ts'

const MAX_TAGS = 10
const MAX_NAME_LENGTH = 128
const MAX_VALUE_LENGTH = 256
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** An object as a request names it. */
interface Named {
  readonly bucket: string
  readonly key: string
  readonly versionId: string | undefined
}

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

  get({ bucket, key, versionId }: Named, response: ServerResponse): void {
    const object = this.#objects.find(bucket, key, versionId)
    const tags = this.#store.tagsOf(object).map(({ Key, Value }) => `<Tag>${elements({ Key, Value })}</Tag>`)
    response.writeHead(200, { 'content-type': 'application/xml', ...versionHeader(object) })
    response.end(documentOf('Tagging', `<TagSet>${tags.join('')}</TagSet>`))
  }

  /** @param xml a `Tagging` document; undefined to delete all tags */
  replace({ bucket, key, versionId }: Named, xml: string | undefined, response: ServerResponse): void {
    const object = this.#objects.find(bucket, key, versionId)
    const tags = xml === undefined ? [] : parseTags(xml)
    this.#store.transaction(() => {
      this.#store.tag(object, tags)
      this.#notifications.write(object, xml === undefined ? 'ObjectTagging:Delete' : 'ObjectTagging:Put')
    })
    this.#notifications.deliver()
    response.writeHead(xml === undefined ? 204 : 200, versionHeader(object)).end()
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
