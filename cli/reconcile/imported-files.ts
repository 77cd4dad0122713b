import { clock } from '../../lambda/adapters/clock.ts'
import { s3SourceFiles } from '../../lambda/adapters/s3-objects.ts'
import { SetupError } from '../../lambda/errors.ts'
import { readOptions } from '../../lambda/jobs/read-options.ts'
import { lineRulesFor } from '../../lambda/jobs/line-rules.ts'
import { resuming } from '../../lambda/read/resume.ts'
import type { Report, ReportState } from '../../lambda/report/report.ts'
import { lineChanges } from '../../lambda/rules/line-changes.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { NUMBER_SETTINGS, readNumberSetting } from '../../lambda/settings/numbers.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { importRulesOf } from '../deployment/import-rules.ts'
import { ReportCache } from '../deployment/report-cache.ts'
import { checkSources, openSource } from '../preview/sources.ts'
import { printable } from '../terminal/output.ts'
import { entriesIn, type ReadEntry } from './read.ts'

/** A file whose valid lines were sent. */
export interface ImportedFile {
  /** For messages. */
  readonly name: string
  /** Reads the file, with its import rules. Each call starts again. @throws SetupError if it cannot be read */
  entries(): AsyncIterable<ReadEntry>
}

/** @throws SetupError for the first file that does not exist */
export async function localFiles(names: readonly string[], importRules: readonly Rule[]): Promise<readonly ImportedFile[]> {
  if (names.includes('-'))
    throw new SetupError('Standard input can be read only once, and the files are read twice. Name a file.')
  await checkSources(names)
  const maxLineBytes = readNumberSetting('KM_MAX_LINE_BYTES', process.env)
  const now = Date.now()
  const changes = lineChanges(importRules)
  return names.map((name) => ({
    name: printable(name),
    async *entries() {
      const { body, rules, readEnd } = await openSource(name, now)
      yield* entriesIn(body, name, {
        maxLineBytes,
        rules: { ...rules, ...(changes !== undefined && { changes }) },
        ...readOptions({ lastModified: new Date(now), name, ...(readEnd !== undefined && { readEnd }) }, importRules),
      })
    },
  }))
}

/** Imports that have read their file to its end. */
const SENT_STATES: ReadonlySet<ReportState> = new Set(['complete', 'complete-with-rejects', 'complete-after-fixing'])

/**
 * The files that an importer has sent, according to its reports.
 *
 * @returns also how many lines of them could not be delivered: these are not in Kissmetrics
 */
export async function importedFiles(
  deployment: Deployment,
): Promise<{ readonly files: readonly ImportedFile[]; readonly undeliverable: number }> {
  const { reports } = await new ReportCache(deployment).newest(Infinity)
  const sent = reports.map(({ report }) => report).filter(({ state }) => SENT_STATES.has(state))
  return {
    files: sent.map((report) => fileInBucket(report, deployment)),
    undeliverable: sent.reduce((sum, { lines }) => sum + lines.undeliverable, 0),
  }
}

function fileInBucket(report: Report, deployment: Pick<Deployment, 's3' | 'bucket'>): ImportedFile {
  const { bucket, key, versionId, etag } = report.file
  const files = resuming(s3SourceFiles(deployment.s3), clock)
  return {
    name: printable(key),
    async *entries() {
      const source = { bucket, key, ...(versionId !== undefined && { versionId }), ...(etag !== undefined && { etag }) }
      const opened = await files.open(source)
      if (opened.kind !== 'open')
        throw new SetupError(
          `${printable(key)} is no longer in the bucket as it was imported. Name the files to compare: npx km-import reconcile DIR FILE...`,
        )
      const importRules = await importRulesOf(report, deployment).catch((error: unknown) => {
        opened.body.destroy()
        throw error
      })
      yield* entriesIn(opened.body, key, {
        maxLineBytes: NUMBER_SETTINGS.KM_MAX_LINE_BYTES.max,
        rules: lineRulesFor(opened.lastModified, importRules),
        ...readOptions(opened, importRules),
      })
    },
  }
}
