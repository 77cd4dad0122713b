import type { RejectedFilter, RejectedOrder } from '../api-types.ts'
import { isReason } from './labels.ts'

/** What the page shows. The part of the address after the `#` contains it, so that the user can go back, bookmark and share. */
export type Route =
  | { readonly kind: 'imports' }
  | { readonly kind: 'import'; readonly id: string }
  | { readonly kind: 'rejected'; readonly filter: RejectedFilter; readonly offset: number; readonly order: RejectedOrder }
  | { readonly kind: 'fix' }
  /** @param id of the import to search; left out: all. Never a person: addresses stay in the history of the browser */
  | { readonly kind: 'person'; readonly id?: string }
  /** @param reason code of the reason to show */
  | { readonly kind: 'help'; readonly reason?: string }

const IMPORT = '#/import/'
const HELP = '#/help/'
const PERSON = '#/person/'

/** @param hash of the address; an unknown one leads to the imports */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.split('?', 2)
  if (path === '#/rejected') return rejectedRoute(new URLSearchParams(query))
  if (path === '#/fix') return { kind: 'fix' }
  if (path === '#/person') return { kind: 'person' }
  if (path.startsWith(PERSON)) return { kind: 'person', id: decoded(path.slice(PERSON.length)) }
  if (path === '#/help') return { kind: 'help' }
  if (path.startsWith(HELP)) return { kind: 'help', reason: decoded(path.slice(HELP.length)) }
  const id = path.startsWith(IMPORT) ? decoded(path.slice(IMPORT.length)) : ''
  return id === '' ? { kind: 'imports' } : { kind: 'import', id }
}

function rejectedRoute(query: URLSearchParams): Route {
  const [file, reason, text, status] = ['file', 'reason', 'text', 'status'].map((name) => query.get(name) ?? '')
  const offset = Number(query.get('offset') ?? 0)
  return {
    kind: 'rejected',
    filter: normalized({
      ...(file !== undefined && file !== '' && { file }),
      ...(reason !== undefined && isReason(reason) && { reason }),
      ...(text !== undefined && text !== '' && { text }),
      ...((status === 'archived' || status === 'quarantined') && { status }),
    }),
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
    order: query.get('sort') === 'expiry' ? 'expiry' : 'file',
  }
}

/** The filter with its fields in one order, so that equal filters have equal JSON and equal addresses. */
export function normalized({ file, reason, text, status }: RejectedFilter): RejectedFilter {
  return {
    ...(file !== undefined && { file }),
    ...(reason !== undefined && { reason }),
    ...(text !== undefined && { text }),
    ...(status !== undefined && { status }),
  }
}

export function hrefOf(route: Route): string {
  switch (route.kind) {
    case 'imports':
      return '#/'
    case 'import':
      return `${IMPORT}${encodeURIComponent(route.id)}`
    case 'fix':
      return '#/fix'
    case 'person':
      return route.id === undefined ? '#/person' : `${PERSON}${encodeURIComponent(route.id)}`
    case 'help':
      return route.reason === undefined ? '#/help' : `${HELP}${encodeURIComponent(route.reason)}`
    case 'rejected':
      return rejectedHref(route.filter, route.offset, route.order)
  }
}

export function rejectedHref(filter: RejectedFilter, offset = 0, order: RejectedOrder = 'file'): string {
  const query = new URLSearchParams({
    ...normalized(filter),
    ...(offset > 0 && { offset: String(offset) }),
    ...(order === 'expiry' && { sort: order }),
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
