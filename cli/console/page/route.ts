import type { RejectedFilter, RejectedOrder } from '../api-types.ts'
import { isReason } from './labels.ts'

/** What the page shows; it stands after the `#`, so that a place in it can be gone back to, kept and sent. */
export type Route =
  | { readonly kind: 'files' }
  | { readonly kind: 'file'; readonly id: string }
  | { readonly kind: 'rejected'; readonly filter: RejectedFilter; readonly offset: number; readonly order: RejectedOrder }
  | { readonly kind: 'fix' }

const FILE = '#/import/'

/** @param hash as the address has it; whatever is not understood leads to the drops */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.split('?', 2)
  if (path === '#/rejected') return rejectedRoute(new URLSearchParams(query))
  if (path === '#/fix') return { kind: 'fix' }
  const id = path.startsWith(FILE) ? decoded(path.slice(FILE.length)) : ''
  return id === '' ? { kind: 'files' } : { kind: 'file', id }
}

function rejectedRoute(query: URLSearchParams): Route {
  const [file, reason, text, kept] = ['file', 'reason', 'text', 'kept'].map((name) => query.get(name) ?? '')
  const offset = Number(query.get('offset') ?? 0)
  return {
    kind: 'rejected',
    filter: filterOf({
      ...(file !== undefined && file !== '' && { file }),
      ...(reason !== undefined && isReason(reason) && { reason }),
      ...(text !== undefined && text !== '' && { text }),
      ...((kept === 'archived' || kept === 'quarantined') && { kept }),
    }),
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
    order: query.get('sort') === 'end' ? 'end' : 'place',
  }
}

/** In one order of names, so that the same filter is the same text. */
export function filterOf({ file, reason, text, kept }: RejectedFilter): RejectedFilter {
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
    case 'fix':
      return '#/fix'
    case 'rejected':
      return rejectedHref(route.filter, route.offset, route.order)
  }
}

export function rejectedHref(filter: RejectedFilter, offset = 0, order: RejectedOrder = 'place'): string {
  const query = new URLSearchParams({
    ...filterOf(filter),
    ...(offset > 0 && { offset: String(offset) }),
    ...(order === 'end' && { sort: order }),
  }).toString()
  return query === '' ? '#/rejected' : `#/rejected?${query}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
