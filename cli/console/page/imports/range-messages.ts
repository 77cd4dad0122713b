import type { RangeDigest, RangeRules } from './digest-range.ts'

/** What the worker of a large file asks of each of its helpers, any number of times. The rules are the same each time. */
export interface RangeRequest {
  readonly kind: 'range'
  readonly range: Blob
  readonly rules: RangeRules
}

export type RangeAnswer =
  | { readonly kind: 'digest'; readonly digest: RangeDigest }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'failed'; readonly why: string }
