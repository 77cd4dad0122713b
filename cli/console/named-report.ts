import type { Report } from '../../lambda/report/report.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { reportWithFileName } from '../files/file-in-hint.ts'
import { fileOfKey } from '../local/file-of-key.ts'

/** What decides how commands name a file. */
export type NamingDeployment = Pick<Deployment, 'watchedDir' | 'deadLettersExpire'>

/** The report, with the name of its file in the command that repairs it. */
export function namedReport(report: Report, deployment: NamingDeployment): Report {
  return report.failure === undefined ? report : reportWithFileName(report, nameInCommands(report.file, deployment))
}

/** The file as `km-import fix` takes it. */
export function nameInCommands(
  { bucket, key }: Pick<Report['file'], 'bucket' | 'key'>,
  { watchedDir, deadLettersExpire }: NamingDeployment,
): string {
  // Dead letters expire only on AWS. Commands do not reach the bucket of this computer by its name.
  return deadLettersExpire ? `s3://${bucket}/${key}` : fileOfKey(key, watchedDir)
}
