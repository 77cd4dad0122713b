import { isChanged, type DraftLine } from './drafts.ts'

/** A changed form of the stored drafts gets another name, so that an older page does not read it. */
const NAME = 'drafts/v1'

/** What is needed of a Storage of the browser. */
export type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** The drafts that were stored before a reload or a crash of the tab. */
export function loadDrafts(storage: DraftStorage): readonly DraftLine[] {
  try {
    const stored: unknown = JSON.parse(storage.getItem(NAME) ?? '[]')
    return Array.isArray(stored) ? (stored as readonly DraftLine[]) : [] // only `storeDrafts` writes it
  } catch {
    return []
  }
}

/** @returns false if the browser has no room for them: then a reload would lose the changes */
export function storeDrafts(storage: DraftStorage, drafts: readonly DraftLine[]): boolean {
  try {
    if (drafts.some(isChanged)) storage.setItem(NAME, JSON.stringify(drafts))
    else storage.removeItem(NAME)
    return true
  } catch {
    return false
  }
}
