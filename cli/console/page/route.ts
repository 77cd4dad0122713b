import type { LetterFilter, LetterOrder } from '../api-types.ts'
import { isReason } from './labels.ts'

/** What the page shows; it stands after the `#`, so that a place in it can be gone back to, kept and sent. */
export type Route =
  | { readonly kind: 'drops' }
  | { readonly kind: 'drop'; readonly id: string }
  | { readonly kind: 'letters'; readonly filter: LetterFilter; readonly offset: number; readonly order: LetterOrder }
  | { readonly kind: 'mend' }

const DROP = '#/drop/'

/** @param hash as the address has it; whatever is not understood leads to the drops */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.split('?', 2)
  if (path === '#/letters') return lettersRoute(new URLSearchParams(query))
  if (path === '#/mend') return { kind: 'mend' }
  const id = path.startsWith(DROP) ? decoded(path.slice(DROP.length)) : ''
  return id === '' ? { kind: 'drops' } : { kind: 'drop', id }
}

function lettersRoute(query: URLSearchParams): Route {
  const [drop, reason, text, kept] = ['drop', 'reason', 'text', 'kept'].map((name) => query.get(name) ?? '')
  const offset = Number(query.get('offset') ?? 0)
  return {
    kind: 'letters',
    filter: filterOf({
      ...(drop !== undefined && drop !== '' && { drop }),
      ...(reason !== undefined && isReason(reason) && { reason }),
      ...(text !== undefined && text !== '' && { text }),
      ...((kept === 'put-away' || kept === 'set-aside') && { kept }),
    }),
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
    order: query.get('sort') === 'end' ? 'end' : 'place',
  }
}

/** In one order of names, so that the same filter is the same text. */
export function filterOf({ drop, reason, text, kept }: LetterFilter): LetterFilter {
  return {
    ...(drop !== undefined && { drop }),
    ...(reason !== undefined && { reason }),
    ...(text !== undefined && { text }),
    ...(kept !== undefined && { kept }),
  }
}

export function hrefOf(route: Route): string {
  switch (route.kind) {
    case 'drops':
      return '#/'
    case 'drop':
      return `${DROP}${encodeURIComponent(route.id)}`
    case 'mend':
      return '#/mend'
    case 'letters':
      return lettersHref(route.filter, route.offset, route.order)
  }
}

export function lettersHref(filter: LetterFilter, offset = 0, order: LetterOrder = 'place'): string {
  const query = new URLSearchParams({
    ...filterOf(filter),
    ...(offset > 0 && { offset: String(offset) }),
    ...(order === 'end' && { sort: order }),
  }).toString()
  return query === '' ? '#/letters' : `#/letters?${query}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
