import { SetupError } from '../../lambda/errors.ts'
import { isBesideReport, reportsOf } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import { printable } from '../terminal/escape.ts'
import type { Deployment } from './deployment.ts'
import { listObjects } from './list-objects.ts'
import type { ReportCache } from './report-cache.ts'

/**
 * The reports of all versions of a file, the newest last. `incoming/` can be left out of the key.
 *
 * @param deploymentOptions for the command in the message
 * @throws SetupError if there is none
 */
export async function findReports(
  { s3, bucket }: Pick<Deployment, 's3' | 'bucket'>,
  cache: ReportCache,
  key: string,
  deploymentOptions: string,
): Promise<readonly [Report, ...Report[]]> {
  const found: Report[] = []
  for (const name of [key, `incoming/${key}`]) {
    for await (const { key: where } of listObjects(s3, bucket, reportsOf(name))) {
      const report = isBesideReport(where) ? undefined : await cache.get(where)
      if (report?.file.key === name) found.push(report)
    }
  }
  const [first, ...others] = found.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt))
  if (first === undefined)
    throw new SetupError(
      `There is no report of "${printable(key)}". List the files: npx km-import status --all${deploymentOptions}. A new file needs a moment.`,
    )
  return [first, ...others]
}
