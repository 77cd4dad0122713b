import { flatten } from './fixes/flatten.ts'
import { lift, splitObjects, takeList, unpack } from './fixes/layouts.ts'
import { dropProperty, renameProperty } from './fixes/names.ts'
import { decodeOctal, removeBom, trim } from './fixes/texts.ts'
import { datesToSeconds, isZone, toSeconds } from './fixes/times.ts'
import { isObject } from './json-object.ts'
import { addDefault, hashProperty, hasValue, joinLists, toNumber } from './fixes/values.ts'

/**
 * Which lines a rule of this kind changes: those that are not valid; by default those, and valid ones too if the rule says so; or always
 * all lines.
 */
export type Reach = 'invalid' | 'either' | 'all'

export type Effect =
  /** Returns the changed text: one line, or several with line ends between them. */
  | { readonly kind: 'change'; readonly apply: (text: string) => string }
  /** Leaves out the lines for which it returns true. */
  | { readonly kind: 'filter'; readonly skips: (text: string) => boolean }

export interface Kind {
  /** How it is written. */
  readonly usage: string
  /** What it does, for the help and docs/rules.md. */
  readonly means: string
  readonly example: {
    readonly fix: string
    readonly before: string
    /** Absent if the line is left out. */
    readonly after?: string
  }
  readonly reach: Reach
  /** Whether it is about where the objects of a file begin and end. */
  readonly isOfFile?: boolean
  /** What is missing if the argument is. */
  readonly needs?: string
  /** @param argument what follows the colon; undefined without one @returns undefined if the argument is wrong */
  readonly effect: (argument: string | undefined) => Effect | undefined
}

/** The names and the value in `OLD=NEW`. The value may contain another equals sign. */
export function namesIn(argument: string): readonly [name: string, value: string] | undefined {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(argument) ?? []
  return name === undefined || value === undefined ? undefined : [name, value]
}

/** Every kind of fix and rule: the closed list. Rules are stored under these names, so names are added, never changed. */
export const KINDS = {
  'ms-timestamps': {
    usage: 'ms-timestamps',
    means: '_t in milliseconds, microseconds or nanoseconds becomes seconds',
    example: { fix: 'ms-timestamps', before: '{"_p":"ann","_t":1393344604000}', after: '{"_p":"ann","_t":1393344604}' },
    reach: 'invalid',
    effect: withoutArgument(toSeconds),
  },
  dates: {
    usage: 'dates, dates:ZONE',
    means: '_t as a date becomes seconds. A date without a time zone stays as it is, unless the fix names the zone',
    example: { fix: 'dates:UTC', before: '{"_p":"ann","_t":"2014-02-25 16:10:04"}', after: '{"_p":"ann","_t":1393344604}' },
    reach: 'invalid',
    needs: 'a time zone, for example dates:UTC or dates:+01:00',
    effect: (zone) =>
      zone === undefined || isZone(zone) ? { kind: 'change', apply: (text) => datesToSeconds(text, zone) } : undefined,
  },
  trim: {
    usage: 'trim',
    means: 'removes spaces and invisible characters around names and values, and commas around the line',
    example: { fix: 'trim', before: '{"_p":" ann ","_n":"Signed up"},', after: '{"_p":"ann","_n":"Signed up"}' },
    reach: 'either',
    effect: withoutArgument(trim),
  },
  bom: {
    usage: 'bom',
    means: 'removes the invisible byte order marks at the start of a line, which remain when files are joined',
    example: { fix: 'bom', before: '\ufeff{"_p":"ann"}', after: '{"_p":"ann"}' },
    reach: 'invalid',
    effect: withoutArgument(removeBom),
  },
  octal: {
    usage: 'octal',
    means: 'turns the octal escapes of Kissmetrics’ own exports into letters',
    example: { fix: 'octal', before: '{"_p":"ann","place":"caf\\303\\251"}', after: '{"_p":"ann","place":"café"}' },
    reach: 'invalid',
    effect: withoutArgument(decodeOctal),
  },
  unpack: {
    usage: 'unpack',
    means: 'a line that is a text with an object in it becomes the object',
    example: { fix: 'unpack', before: '"{\\"_p\\":\\"ann\\"}"', after: '{"_p":"ann"}' },
    reach: 'invalid',
    effect: withoutArgument(unpack),
  },
  'split-objects': {
    usage: 'split-objects',
    means: 'several objects on one line become lines of their own',
    example: { fix: 'split-objects', before: '{"_p":"ann"}{"_p":"bob"}', after: '{"_p":"ann"}\n{"_p":"bob"}' },
    reach: 'invalid',
    isOfFile: true,
    effect: withoutArgument(splitObjects),
  },
  array: {
    usage: 'array',
    means: 'the objects of a list become lines of their own',
    example: { fix: 'array', before: '[{"_p":"ann"},{"_p":"bob"}]', after: '{"_p":"ann"}\n{"_p":"bob"}' },
    reach: 'invalid',
    isOfFile: true,
    effect: withoutArgument(splitObjects),
  },
  list: {
    usage: 'list:NAME',
    means: 'takes the objects out of the list NAME, each on a line of its own',
    example: { fix: 'list:rows', before: '{"rows":[{"_p":"ann"},{"_p":"bob"}]}', after: '{"_p":"ann"}\n{"_p":"bob"}' },
    reach: 'invalid',
    isOfFile: true,
    needs: 'the name of the list, for example list:events',
    effect: (name) => (name === '' ? undefined : { kind: 'change', apply: (text) => takeList(text, name ?? '') }),
  },
  lift: {
    usage: 'lift:NAME',
    means: 'moves what is in the object NAME up into the line',
    example: { fix: 'lift:data', before: '{"_p":"ann","data":{"plan":"Pro"}}', after: '{"_p":"ann","plan":"Pro"}' },
    reach: 'invalid',
    needs: 'the name of the inner object, for example lift:properties',
    effect: withName((text, name) => lift(text, name)),
  },
  flatten: {
    usage: 'flatten',
    means: 'nested objects become properties with dotted names',
    example: { fix: 'flatten', before: '{"_p":"ann","shop":{"city":"Rome"}}', after: '{"_p":"ann","shop.city":"Rome"}' },
    reach: 'invalid',
    effect: withoutArgument(flatten),
  },
  join: {
    usage: 'join',
    means: 'a list of texts and numbers becomes one text, with commas between them',
    example: { fix: 'join', before: '{"_p":"ann","tags":["a",2]}', after: '{"_p":"ann","tags":"a, 2"}' },
    reach: 'invalid',
    effect: withoutArgument(joinLists),
  },
  rename: {
    usage: 'rename:OLD=NEW',
    means: 'renames a property',
    example: { fix: 'rename:email=_p', before: '{"email":"ann","_t":1393344604}', after: '{"_p":"ann","_t":1393344604}' },
    reach: 'either',
    needs: 'the old and the new name, for example rename:email=_p',
    effect: withNames((text, from, to) => renameProperty(text, from, to)),
  },
  drop: {
    usage: 'drop:NAME',
    means: 'removes a property',
    example: { fix: 'drop:comment', before: '{"_p":"ann","comment":{"by":"bob"}}', after: '{"_p":"ann"}' },
    reach: 'either',
    needs: 'the name of the property, for example drop:comment',
    effect: withName((text, name) => dropProperty(text, name)),
  },
  default: {
    usage: 'default:NAME=VALUE',
    means: 'adds a property to a line that does not have it',
    example: {
      fix: 'default:plan=Free',
      before: '{"_p":"ann","_t":1393344604}',
      after: '{"_p":"ann","_t":1393344604,"plan":"Free"}',
    },
    reach: 'either',
    needs: 'a name and a value, for example default:plan=Free',
    effect: withNames((text, name, value) => addDefault(text, name, value)),
  },
  number: {
    usage: 'number:NAME',
    means: 'an amount that is written as text becomes a number: a comma separates thousands, a point comes before decimals',
    example: { fix: 'number:price', before: '{"_p":"ann","price":"$1,299.00"}', after: '{"_p":"ann","price":1299.00}' },
    reach: 'either',
    needs: 'the name of the property, for example number:price',
    effect: withName((text, name) => toNumber(text, name)),
  },
  hash: {
    usage: 'hash:NAME',
    means: 'replaces a value by its SHA-256, so that Kissmetrics can tell values apart without knowing them',
    example: {
      fix: 'hash:phone',
      before: '{"_p":"ann","phone":"555-0100"}',
      after: '{"_p":"ann","phone":"6553afa64d1cd3aa6697b5947ff4e3389d237464e4cdcd1e7f83d2a40a5f348b"}',
    },
    reach: 'all',
    needs: 'the name of the property, for example hash:phone',
    effect: withName((text, name) => hashProperty(text, name)),
  },
  skip: {
    usage: 'skip:NAME=VALUE',
    means: 'leaves out the lines in which NAME has this value',
    example: { fix: 'skip:environment=test', before: '{"_p":"ann","environment":"test"}' },
    reach: 'all',
    needs: 'a name and a value, for example skip:environment=test',
    effect: withFilter((text, name, value) => hasValue(text, name, value)),
  },
  keep: {
    usage: 'keep:NAME=VALUE',
    means: 'leaves out the lines in which NAME does not have this value. A line that is not an object stays, to be rejected',
    example: { fix: 'keep:environment=live', before: '{"_p":"ann","environment":"test"}' },
    reach: 'all',
    needs: 'a name and a value, for example keep:environment=live',
    effect: withFilter((text, name, value) => isObject(text) && !hasValue(text, name, value)),
  },
} as const satisfies Readonly<Record<string, Kind>>

export type KindName = keyof typeof KINDS

export function isKind(name: string): name is KindName {
  return Object.hasOwn(KINDS, name)
}

function withoutArgument(apply: (text: string) => string): Kind['effect'] {
  return (argument) => (argument === undefined ? { kind: 'change', apply } : undefined)
}

function withName(apply: (text: string, name: string) => string): Kind['effect'] {
  return (name) => (name === undefined || name === '' ? undefined : { kind: 'change', apply: (text) => apply(text, name) })
}

function withNames(apply: (text: string, name: string, value: string) => string): Kind['effect'] {
  return (argument = '') => {
    const names = namesIn(argument)
    return names && { kind: 'change', apply: (text) => apply(text, ...names) }
  }
}

function withFilter(skips: (text: string, name: string, value: string) => boolean): Kind['effect'] {
  return (argument = '') => {
    const names = namesIn(argument)
    return names && { kind: 'filter', skips: (text) => skips(text, ...names) }
  }
}
