import { reject, type Rejection } from '../reasons.ts'
import type { JsonObject } from './layout.ts'
import { withoutHidden } from './invisible.ts'
import { dateOf } from './date.ts'
import { shownName } from './text.ts'

// cspell:ignore externalid personid profileid leadid primaryemail servertimestamp kmperson distinctid anonymousid userpseudoid domainuserid customerid contactid memberid subscriberid
// cspell:ignore visitorid accountid emailaddress useremail cookieid clientid kmtime eventtime eventtimestamp occurredat
// cspell:ignore createdat originaltimestamp sentat receivedat collectortstamp derivedtstamp eventdate createdon datecreated loggedat timestampms unixtime kmevent eventaction

/** A line in the layout of another program: what it looks like, and the fixes that convert it. */
export interface ForeignLayout {
  readonly reason: 'other_product' | 'not_line_delimited_json'
  readonly what: string
  /** As after `--fix`. */
  readonly fixes: readonly string[]
}

type Role = '_p' | '_t' | '_n'

/** What other programs call a person, a time and an event, without capitals, spaces and punctuation; the most certain first. */
const NAMES: Readonly<Record<Role, readonly string[]>> = {
  _p: (
    'identity person kmperson distinctid userid externalid personid profileid user anonymousid userpseudoid domainuserid customerid contactid memberid subscriberid ' +
    'visitorid accountid leadid uid email emailaddress useremail primaryemail mail username login customer contact deviceid cookieid clientid p'
  ).split(' '),
  _t: (
    'timestamp time kmtime eventtime eventtimestamp servertimestamp ts t datetime date occurredat createdat created originaltimestamp sentat receivedat ' +
    'collectortstamp derivedtstamp unixtime epoch when'
  ).split(' '),
  _n: 'event kmevent eventname eventtype eventaction action activity n name type'.split(' '),
}

/** Objects that hold the properties of an event. */
const NESTED = [
  'properties',
  'event_properties',
  'eventProperties',
  'traits',
  'attributes',
  'metadata',
  'data',
  'payload',
  'params',
]

interface Product {
  readonly name: string
  /** Names that occur together in its files only. Those after a dot are in `properties`. */
  readonly names: readonly (readonly string[])[]
}

const PRODUCTS: readonly Product[] = [
  { name: 'a Kissmetrics CSV layout', names: [['Identity', 'Timestamp']] },
  { name: 'the layout of a Kissmetrics SQL import', names: [['KM_PERSON'], ['KM_TIME'], ['KM_EVENT']] },
  {
    name: 'a Mixpanel export',
    names: [
      ['event', '.distinct_id'],
      ['$distinct_id', '$properties'],
    ],
  },
  { name: 'a PostHog export', names: [['distinct_id', 'event', 'properties']] },
  { name: 'an Amplitude export', names: [['event_type', 'event_properties'], ['event_type', 'device_id'], ['amplitude_id']] },
  {
    name: 'a Google Analytics export',
    names: [
      ['event_name', 'user_pseudo_id'],
      ['event_timestamp', 'event_params'],
    ],
  },
  {
    name: 'a Segment log',
    names: [
      ['type', 'userId'],
      ['type', 'anonymousId'],
      ['anonymousId', 'messageId'],
    ],
  },
  { name: 'a Heap, Intercom or similar export', names: [['event_name', 'created_at']] },
]

/**
 * Recognises a line that another program has written for another product. Called only for lines that are not usual.
 *
 * @param object a line without `_p`, or one that may have its event under another name
 */
export function recognizeLayout(object: JsonObject): ForeignLayout | undefined {
  if (Object.hasOwn(object, '_p')) return hasOtherEvent(object)
  if (['_t', '_n', '_p2'].some((name) => Object.hasOwn(object, name))) return undefined
  return inList(object) ?? inWrapper(object) ?? withOtherNames(object)
}

/** The rejection of a file in this layout. */
export function rejectLayout({ reason, what, fixes }: ForeignLayout): Rejection {
  return reject(reason, `${what}${convertHint(fixes)}`)
}

/** The command that converts a file. @param fixes as after `--fix` */
export function convertHint(fixes: readonly string[]): string {
  return fixes.length === 0
    ? ''
    : `; to convert it, run: npx km-import fix FILE${fixes.map((fix) => ` --fix ${quoted(fix)}`).join('')}`
}

/** For a shell. */
function quoted(word: string): string {
  return /^[\w:=.,@%+/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/**
 * Recognises a line that has some of our names, but the person or the time under another name. One such line may be an accident, but not
 * all lines of a large file.
 */
export function recognizeHalfRenamed(object: JsonObject): ForeignLayout | undefined {
  const missing = Object.hasOwn(object, '_p') ? '_t' : '_p'
  if (Object.hasOwn(object, missing) || !['_p', '_t', '_n', '_p2'].some((name) => Object.hasOwn(object, name))) return undefined
  const name = columnOf(object, missing)
  if (name === undefined || (missing === '_t' && !isLikeTime(object[name]))) return undefined
  return {
    reason: 'other_product',
    what: `${missing === '_p' ? 'the person' : 'the time'} is in ${shownName(name)} instead of \`${missing}\``,
    fixes: [`rename:${name}=${missing}`, ...(missing === '_t' ? timeFix(object[name]) : [])],
  }
}

function isLikeTime(value: unknown): boolean {
  return /^\d{10,19}(?:\.\d+)?$/.test(String(value)) || dateOf(value) !== undefined
}

/** A line that only sets properties, one of which is called like an event. */
function hasOtherEvent(object: JsonObject): ForeignLayout | undefined {
  if (!Object.hasOwn(object, '_t') || Object.hasOwn(object, '_n') || Object.hasOwn(object, '_p2')) return undefined
  const name = Object.keys(object).find((key) => ['n', 'event', 'eventname', 'eventtype', 'kmevent'].includes(bareName(key)))
  if (name === undefined || typeof object[name] !== 'string') return undefined
  return {
    reason: 'other_product',
    what: `no line has an event in \`_n\`, but each has one in ${shownName(name)}`,
    fixes: [`rename:${name}=_n`],
  }
}

function inList(object: JsonObject): ForeignLayout | undefined {
  const lists = Object.keys(object).filter((key) => isObjectList(object[key]))
  const [name] = lists
  // An event can have a list of products; but then it also has a person.
  if (name === undefined || lists.length > 1 || columnOf(object, '_p') !== undefined) return undefined
  return { reason: 'not_line_delimited_json', what: `the objects are in the list \`${bounded(name)}\``, fixes: [`list:${name}`] }
}

function bounded(name: string): string {
  return shownName(name).slice(1, -1)
}

function isObjectList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isObject)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The line itself in a member of another object, as Elasticsearch and DynamoDB export it. */
function inWrapper(object: JsonObject): ForeignLayout | undefined {
  const name = Object.keys(object).find((key) => {
    const inner = innerObject(object[key])
    return inner !== undefined && Object.hasOwn(inner, '_p')
  })
  return name === undefined
    ? undefined
    : { reason: 'other_product', what: `each line is inside ${shownName(name)}`, fixes: [`lift:${name}`] }
}

/** An object, or the object in a text of JSON. */
export function innerObject(value: unknown): JsonObject | undefined {
  if (isObject(value)) return value
  if (typeof value !== 'string' || !value.trimStart().startsWith('{')) return undefined
  try {
    const inner: unknown = JSON.parse(value)
    return isObject(inner) ? inner : undefined
  } catch {
    return undefined
  }
}

function withOtherNames(object: JsonObject): ForeignLayout | undefined {
  const nested = NESTED.find((name) => isObject(object[name]))
  const lifted = nested === undefined ? object : { ...(object[nested] as JsonObject), ...object }
  const person = columnOf(lifted, '_p')
  const time = columnOf(lifted, '_t')
  const product = PRODUCTS.find(({ names }) => names.some((list) => list.every((name) => hasName(object, nested, name))))
  if (product === undefined && (person === undefined || time === undefined)) return undefined
  const event = columnOf(lifted, '_n')
  const columns = [person, time, event].filter((name) => name !== undefined)
  return {
    reason: 'other_product',
    what: `columns ${columns.map(shownName).join(', ')}: this is ${product?.name ?? 'the layout of another product'}`,
    fixes: [
      ...(nested === undefined ? [] : [`lift:${nested}`]),
      ...(person === undefined ? [] : [`rename:${person}=_p`]),
      ...(time === undefined ? [] : [`rename:${time}=_t`, ...timeFix(lifted[time])]),
      ...(event === undefined ? [] : [`rename:${event}=_n`]),
    ],
  }
}

function timeFix(value: unknown): readonly string[] {
  if (dateOf(value) !== undefined) return ['dates']
  return /^\d{13,}/.test(String(value)) ? ['ms-timestamps'] : []
}

function hasName(object: JsonObject, nested: string | undefined, name: string): boolean {
  if (!name.startsWith('.')) return Object.hasOwn(object, name)
  const inner = nested === undefined ? undefined : object[nested]
  return isObject(inner) && Object.hasOwn(inner, name.slice(1))
}

/** The name of the column that holds the person, the time or the event. */
function columnOf(object: JsonObject, role: Role): string | undefined {
  const names = Object.keys(object).filter(
    (name) => !isObject(object[name]) && !Array.isArray(object[name]) && !name.includes('='),
  )
  const bare = new Map(names.toReversed().map((name) => [bareName(name), name]))
  return NAMES[role].map((name) => bare.get(name)).find((name) => name !== undefined)
}

/** Without capitals, spaces and punctuation. */
function bareName(name: string): string {
  return name.length > 40
    ? name
    : withoutHidden(name)
        .toLowerCase()
        .replace(/[\s_.$-]/g, '')
}
