import type { Report } from '../../lambda/report/report.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { reportWithFileName } from '../files/file-in-hint.ts'
import { fileOfKey } from '../local/file-of-key.ts'

/** The report, with the name of its file in the command that repairs it. */
export function namedReport(report: Report, deployment: Pick<Deployment, 'watchedDir' | 'deadLettersExpire'>): Report {
  return report.failure === undefined ? report : reportWithFileName(report, nameInCommands(report, deployment))
}

/** The file as `km-import fix` takes it. */
function nameInCommands(
  { file: { bucket, key } }: Report,
  { watchedDir, deadLettersExpire }: Pick<Deployment, 'watchedDir' | 'deadLettersExpire'>,
): string | undefined {
  // Dead letters expire only on AWS. Commands do not reach the bucket of this computer by its name.
  return deadLettersExpire ? `s3://${bucket}/${key}` : fileOfKey(key, watchedDir)
}
