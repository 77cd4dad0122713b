/** What a request means to the stand-in, in the words of Kissmetrics' API. */
export type Understood =
  | { readonly kind: 'record'; readonly person: string; readonly event: string; readonly time: number; readonly properties: Properties }
  | { readonly kind: 'set'; readonly person: string; readonly time: number; readonly properties: Properties }
  | { readonly kind: 'alias'; readonly person: string; readonly other: string }
  /** Kissmetrics answers 200 to it as to all else, and keeps nothing. */
  | { readonly kind: 'ignored'; readonly why: string }

export type Properties = Readonly<Record<string, string>>

/** Kissmetrics, technical notes: nothing before 2009 is stored. */
const YEAR_2009 = 1_230_768_000

/**
 * What Kissmetrics would make of a request.
 *
 * @param path `/e`, `/s` or `/a`
 * @param query the parameters, from the query or the form
 * @param now seconds since 1970: what Kissmetrics takes for the time where `_d=1` is missing
 * @see Kissmetrics, "API specifications"
 */
export function understand(path: string, query: string, now: number): Understood {
  const parameters = new URLSearchParams(query)
  const text = (name: string): string => parameters.get(name) ?? ''
  if (text('_k') === '') return ignored('no key (_k)')
  const person = text('_p')
  if (person === '') return ignored('no person (_p)')
  const time = text('_d') === '1' ? Number(text('_t')) : now
  if (!Number.isInteger(time)) return ignored('_t is no time')
  if (time < YEAR_2009) return ignored('before 2009')
  const properties = propertiesOf(parameters)
  switch (path) {
    case '/e':
      return text('_n') === '' ? ignored('no event (_n)') : { kind: 'record', person, event: text('_n'), time, properties }
    case '/s':
      return Object.keys(properties).length === 0 ? ignored('no property') : { kind: 'set', person, time, properties }
    default:
      return text('_n') === '' ? ignored('no other identity (_n)') : { kind: 'alias', person, other: text('_n') }
  }
}

const OWN_PARAMETERS = new Set(['_k', '_p', '_n', '_t', '_d'])

function propertiesOf(parameters: URLSearchParams): Properties {
  return Object.fromEntries([...parameters].filter(([name]) => !OWN_PARAMETERS.has(name)))
}

function ignored(why: string): Understood {
  return { kind: 'ignored', why }
}

/**
 * What makes two requests one: Kissmetrics keeps the first and drops the other.
 *
 * Names of events and properties are not case sensitive, values are. The two identities of an alias can stand either way.
 *
 * @see Kissmetrics, "Detecting duplicates"
 */
export function identityOf(understood: Exclude<Understood, { kind: 'ignored' }>): string {
  switch (understood.kind) {
    case 'record': {
      const { person, event, time, properties } = understood
      return JSON.stringify(['record', person, event.toLowerCase(), time, sorted(properties)])
    }
    case 'set': {
      const { person, time, properties } = understood
      return JSON.stringify(['set', person, time, sorted(properties)])
    }
    case 'alias':
      return JSON.stringify(['alias', ...[understood.person, understood.other].toSorted()])
  }
}

function sorted(properties: Properties): readonly (readonly [string, string])[] {
  return Object.entries(properties)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}
