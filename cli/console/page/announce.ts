import { signal } from '@preact/signals'

/** The text that a screen reader reads aloud next. */
export const announcement = signal('')

export function announce(text: string): void {
  announcement.value = text
}
