import { isDeepStrictEqual } from 'node:util'
import * as v from 'valibot'
import { invalidAttribute, unknownAttribute, unsupported } from './errors.ts'

/** Attributes as in a request, where numbers and documents are text too. */
export type Attributes = Readonly<Record<string, string>>

// prettier-ignore
const NUMBERS = {
  //                               default    min       max
  DelaySeconds:                  [ 0,         0,        900 ],
  MaximumMessageSize:            [ 1_048_576, 1_024,    1_048_576 ],
  MessageRetentionPeriod:        [ 345_600,   60,       1_209_600 ],
  ReceiveMessageWaitTimeSeconds: [ 0,         0,        20 ],
  VisibilityTimeout:             [ 30,        0,        43_200 ],
} as const
type NumberName = keyof typeof NUMBERS

/** The attributes of a queue that sets none. */
export const DEFAULTS: Attributes = {
  ...Object.fromEntries(Object.entries(NUMBERS).map(([name, [defaultValue]]) => [name, String(defaultValue)])),
  SqsManagedSseEnabled: 'true',
}

const RedrivePolicy = v.object({
  deadLetterTargetArn: v.string(),
  // AWS also accepts the number as text, which is what the CDK writes.
  maxReceiveCount: v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))]),
    v.integer(),
    v.minValue(1),
    v.maxValue(1000),
  ),
})
export type RedrivePolicy = Readonly<v.InferOutput<typeof RedrivePolicy>>

const RedriveAllowPolicy = v.variant('redrivePermission', [
  v.strictObject({ redrivePermission: v.picklist(['allowAll', 'denyAll']) }),
  v.strictObject({
    redrivePermission: v.literal('byQueue'),
    sourceQueueArns: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(10)),
  }),
])

const DOCUMENTS: Readonly<Record<string, v.GenericSchema>> = {
  Policy: v.looseObject({}), // stored but not enforced: every client of this port may do everything
  RedrivePolicy,
  RedriveAllowPolicy,
}

const ABSENT = new Set([
  'FifoQueue',
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoThroughputLimit',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
])

const COMPUTED = new Set([
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'QueueArn',
])

export function numberOf(attributes: Attributes, name: NumberName): number {
  return Number(attributes[name] ?? NUMBERS[name][0])
}

export function redrivePolicyOf({ RedrivePolicy: text }: Attributes): RedrivePolicy | undefined {
  return text === undefined ? undefined : v.parse(RedrivePolicy, JSON.parse(text))
}

/** Whether the dead-letter queue with these attributes accepts messages from that queue. */
export function allowsRedriveFrom({ RedriveAllowPolicy: text }: Attributes, sourceArn: string): boolean {
  if (text === undefined) return true
  const policy = v.parse(RedriveAllowPolicy, JSON.parse(text))
  return policy.redrivePermission === 'byQueue'
    ? policy.sourceQueueArns.includes(sourceArn)
    : policy.redrivePermission === 'allowAll'
}

/** @throws SqsError for an attribute that cannot be set, or an invalid value */
export function checkAttributes(attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (ABSENT.has(name)) throw unsupported(`The queue attribute ${name}`)
    if (!isSettable(name)) throw unknownAttribute(name)
    if (!isValid(name, value)) throw invalidAttribute(`Invalid value for the parameter ${name}.`)
  }
}

/** @throws SqsError for an unknown name */
export function checkAttributeNames(names: readonly string[]): void {
  const unknown = names.find((name) => name !== 'All' && !isSettable(name) && !COMPUTED.has(name) && !ABSENT.has(name))
  if (unknown !== undefined) throw unknownAttribute(unknown)
}

/** The attributes with the changes applied. An empty value removes an attribute. */
export function changed(attributes: Attributes, changes: Attributes): Attributes {
  return Object.fromEntries(Object.entries({ ...attributes, ...changes }).filter(([, value]) => value !== ''))
}

/** Name of the first attribute that differs from the wanted value. White space and key order of documents do not matter. */
export function conflict(attributes: Attributes, wanted: Attributes): string | undefined {
  return Object.keys(wanted).find((name) => {
    const [is = '', should = ''] = [attributes[name], wanted[name]]
    if (is === '' || should === '' || !isDocumentName(name)) return is !== should
    return !isDeepStrictEqual(JSON.parse(is), JSON.parse(should))
  })
}

function isSettable(name: string): boolean {
  return isNumber(name) || isDocumentName(name) || name === 'SqsManagedSseEnabled'
}

function isDocumentName(name: string): boolean {
  return Object.hasOwn(DOCUMENTS, name)
}

function isNumber(name: string): name is NumberName {
  return Object.hasOwn(NUMBERS, name)
}

function isValid(name: string, value: string): boolean {
  if (isNumber(name)) {
    const [, from, to] = NUMBERS[name]
    return /^\d+$/.test(value) && Number(value) >= from && Number(value) <= to
  }
  const document = DOCUMENTS[name]
  return document === undefined ? value === 'true' || value === 'false' : value === '' || isDocument(value, document)
}

function isDocument(text: string, schema: v.GenericSchema): boolean {
  try {
    return v.is(schema, JSON.parse(text))
  } catch {
    return false
  }
}
