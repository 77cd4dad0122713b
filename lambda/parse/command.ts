import type { EpochSeconds } from './time.ts'

/** Name and value, both as sent. */
export type Property = readonly [name: string, value: string]

/** What a line means to Kissmetrics. @see Kissmetrics, "Common Methods" and "API specifications" */
export type Command =
  | {
      readonly kind: 'record'
      readonly person: string
      readonly event: string
      readonly time: EpochSeconds
      readonly properties: readonly Property[]
    }
  | { readonly kind: 'set'; readonly person: string; readonly time: EpochSeconds; readonly properties: readonly Property[] }
  | { readonly kind: 'alias'; readonly person: string; readonly other: string; readonly time: EpochSeconds }
