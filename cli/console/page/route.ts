import type { LetterFilter, LetterOrder } from '../api-types.ts'
import { isReason } from './labels.ts'

/** What the page shows; it stands after the `#`, so that a place in it can be gone back to, kept and sent. */
export type Route =
  | { readonly kind: 'files' }
  | { readonly kind: 'file'; readonly id: string }
  | { readonly kind: 'letters'; readonly filter: LetterFilter; readonly offset: number; readonly order: LetterOrder }
  | { readonly kind: 'mend' }

const FILE = '#/import/'

/** @param hash as the address has it; whatever is not understood leads to the drops */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.split('?', 2)
  if (path === '#/letters') return lettersRoute(new URLSearchParams(query))
  if (path === '#/mend') return { kind: 'mend' }
  const id = path.startsWith(FILE) ? decoded(path.slice(FILE.length)) : ''
  return id === '' ? { kind: 'files' } : { kind: 'file', id }
}

function lettersRoute(query: URLSearchParams): Route {
  const [file, reason, text, kept] = ['file', 'reason', 'text', 'kept'].map((name) => query.get(name) ?? '')
  const offset = Number(query.get('offset') ?? 0)
  return {
    kind: 'letters',
    filter: filterOf({
      ...(file !== undefined && file !== '' && { file }),
      ...(reason !== undefined && isReason(reason) && { reason }),
      ...(text !== undefined && text !== '' && { text }),
      ...((kept === 'put-away' || kept === 'set-aside') && { kept }),
    }),
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
    order: query.get('sort') === 'end' ? 'end' : 'place',
  }
}

/** In one order of names, so that the same filter is the same text. */
export function filterOf({ file, reason, text, kept }: LetterFilter): LetterFilter {
  return {
    ...(file !== undefined && { file }),
    ...(reason !== undefined && { reason }),
    ...(text !== undefined && { text }),
    ...(kept !== undefined && { kept }),
  }
}

export function hrefOf(route: Route): string {
  switch (route.kind) {
    case 'files':
      return '#/'
    case 'file':
      return `${FILE}${encodeURIComponent(route.id)}`
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
