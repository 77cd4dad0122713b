import type { S3Client } from '@aws-sdk/client-s3'
import { clock } from '../../lambda/adapters/clock.ts'
import { s3SourceFiles } from '../../lambda/adapters/s3-objects.ts'
import { SetupError } from '../../lambda/errors.ts'
import { toEntry } from '../../lambda/parse/entry.ts'
import { latestTimeFor } from '../../lambda/parse/line.ts'
import type { OpenFile } from '../../lambda/ports.ts'
import { openLines } from '../../lambda/read/lines.ts'
import { resuming } from '../../lambda/read/resume.ts'
import type { Report } from '../../lambda/report/report.ts'
import { NUMBER_SETTINGS } from '../../lambda/settings.ts'
import { printable } from '../terminal/output.ts'

/** The lines of a cancelled import that Kissmetrics has accepted, read from the file again. */
export class SentLines {
  readonly #report: Report
  readonly #refusedLines: ReadonlySet<number>
  /** Lines that were read. */
  count = 0

  constructor(report: Report) {
    this.#report = report
    this.#refusedLines = new Set(report.rejectedBy.endpoint_refused?.examples.map(({ line }) => line))
  }

  /** How many of the lines the endpoint has refused: the report does not name more than a few, their dead letters do. */
  get refused(): number {
    return this.#report.lines.undeliverable - this.#refusedLines.size
  }

  /** @throws SetupError if the file cannot be read any more */
  async *read(s3: S3Client): AsyncGenerator<string> {
    const { file, cancelled } = this.#report
    const opened = await resuming(s3SourceFiles(s3), clock).open(file)
    if (opened.kind !== 'open')
      throw new SetupError(
        `${printable(file.key)} cannot be read any more (${opened.kind}), so its lines cannot be listed. Its report has their numbers: cancelled.settled.`,
      )
    const ranges = cancelled?.settled ?? []
    const last = ranges.at(-1)?.[1] ?? 0
    try {
      for await (const { number, text } of validLines(opened, last)) {
        if (!ranges.some(([from, to]) => number >= from && number <= to) || this.#refusedLines.has(number)) continue
        this.count += 1
        yield `${text}\n`
      }
    } finally {
      opened.body.destroy()
    }
  }
}

async function* validLines(opened: OpenFile, last: number) {
  const rules = { latestTime: latestTimeFor(opened.lastModified) }
  const { batches } = await openLines(opened.body, {
    maxLineBytes: NUMBER_SETTINGS.KM_MAX_LINE_BYTES.max,
    name: opened.name,
  })
  for await (const batch of batches)
    for (const line of batch) {
      if (line.number > last) return
      // The key is not sent anywhere.
      if (toEntry(line, rules, '').kind === 'ready') yield line
    }
}
