import { clock } from '../../lambda/adapters/clock.ts'
import { s3Documents } from '../../lambda/adapters/s3-documents.ts'
import { s3SourceFiles } from '../../lambda/adapters/s3-objects.ts'
import { SetupError } from '../../lambda/errors.ts'
import { readOptions } from '../../lambda/jobs/read-options.ts'
import { lineRulesFor } from '../../lambda/jobs/line-rules.ts'
import { undeliveredKey } from '../../lambda/keys.ts'
import { contains, rangesOf, type LineRanges } from '../../lambda/common/line-ranges.ts'
import { sentForm } from '../../lambda/parse/changed-line.ts'
import { toEntry } from '../../lambda/parse/entry.ts'
import type { OpenFile } from '../../lambda/ports.ts'
import { openLines } from '../../lambda/read/lines.ts'
import { resuming } from '../../lambda/read/resume.ts'
import type { Report } from '../../lambda/report/report.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { NUMBER_SETTINGS } from '../../lambda/settings/numbers.ts'
import { readUndelivered } from '../../lambda/settle/undelivered.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { importRulesOf } from '../deployment/import-rules.ts'
import { rejectingTooLong } from '../deployment/too-long.ts'
import { printable } from '../terminal/output.ts'

/** The lines of a cancelled import that Kissmetrics has accepted, read from the file again, in the form in which they were sent. */
export class SentLines {
  readonly #report: Report
  readonly #deployment: Pick<Deployment, 's3' | 'bucket' | 'settings'>
  /** Lines of the file that were listed. One line can have been sent as several. */
  count = 0
  /** How many of them the endpoint has refused: only the first 20,000 ranges of such lines are stored, and dead letters name the others. */
  refused = 0

  constructor(report: Report, deployment: Pick<Deployment, 's3' | 'bucket' | 'settings'>) {
    this.#report = report
    this.#deployment = deployment
  }

  /** @throws SetupError if the file cannot be read any more, or the rules of its import are not known */
  async *read(): AsyncGenerator<string> {
    const { file, cancelled } = this.#report
    const rules = await importRulesOf(this.#report, this.#deployment)
    const isRefused = contains(await this.#refusedLines())
    const opened = await resuming(s3SourceFiles(this.#deployment.s3), clock).open(file)
    if (opened.kind !== 'open')
      throw new SetupError(
        `${printable(file.key)} cannot be read any more (${opened.kind}), so its lines cannot be listed. Its report has their numbers: cancelled.settled.`,
      )
    const settled = cancelled?.settled ?? []
    const isSettled = contains(settled)
    try {
      for await (const { number, texts } of this.#sentLines(opened, settled.at(-1)?.[1] ?? 0, rules)) {
        if (!isSettled(number) || isRefused(number)) continue
        this.count += 1
        for (const text of texts) yield `${text}\n`
      }
    } finally {
      opened.body.destroy()
    }
  }

  async #refusedLines(): Promise<LineRanges> {
    const { file, rejectedBy, lines } = this.#report
    if (lines.undeliverable === 0) return []
    const { s3, bucket } = this.#deployment
    const key = undeliveredKey(file)
    const stored = readUndelivered((await s3Documents(s3).find({ bucket, key }))?.value, key)
    if (stored !== undefined) return stored.lines
    const examples = rejectedBy.endpoint_refused?.examples.map(({ line }) => line) ?? []
    this.refused = lines.undeliverable - examples.length
    return rangesOf(examples)
  }

  /** The valid lines up to `last`, each as the lines that were sent for it. */
  async *#sentLines(opened: OpenFile, last: number, rules: readonly Rule[]) {
    const lineRules = lineRulesFor(opened.lastModified, rules)
    const orRejected = rejectingTooLong(this.#report, this.#deployment)
    const { batches } = await openLines(opened.body, {
      maxLineBytes: NUMBER_SETTINGS.KM_MAX_LINE_BYTES.max,
      ...readOptions(opened, rules),
    })
    for await (const batch of batches)
      for (const line of batch) {
        if (line.number > last) return
        // The key is not sent anywhere.
        if (orRejected(toEntry(line, lineRules, '')).kind === 'ready')
          yield { number: line.number, texts: sentForm(line.text, lineRules) ?? [] }
      }
  }
}
