import { reportKey } from '../keys.ts'
import type { ListedFile, Listing } from '../ports.ts'

/** As many reports are read at the same time, so for so few files, listing reports is not faster than reading them. */
const FEW_FILES = 16

/** Reports of other files may be between those that are wanted. After so many pages, reading the rest one by one is faster. */
const MAX_PAGES = 10

/**
 * When the reports of a page of files were written, by key. One listing finds a thousand reports, and so takes the place of a thousand reads.
 *
 * A report that is missing here may exist: only reading it can tell.
 */
export async function listReports(
  files: readonly ListedFile[],
  listing: Pick<Listing, 'reportsFrom'>,
): Promise<ReadonlyMap<string, number>> {
  const writtenAt = new Map<string, number>()
  if (files.length <= FEW_FILES) return writtenAt
  // Not the order of the files: "a.json" comes after "a", but "a.json/" before "a/".
  const keys = files.map(({ file }) => reportKey(file)).toSorted(inOrderOfS3)
  const [first = '', last = ''] = [keys[0], keys.at(-1)]
  let pages = 0
  for await (const page of listing.reportsFrom(first)) {
    for (const report of page) writtenAt.set(report.key, report.writtenAt.getTime())
    pages += 1
    if (pages === MAX_PAGES || inOrderOfS3(page.at(-1)?.key ?? last, last) >= 0) break
  }
  return writtenAt
}

/** S3 lists keys in the order of their UTF-8 bytes. */
function inOrderOfS3(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
