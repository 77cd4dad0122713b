import { s3Checkpoints } from '../../lambda/adapters/s3-documents.ts'
import { findSafety } from '../../lambda/jobs/safety.ts'
import { versionOf } from '../../lambda/keys.ts'
import type { Checkpoints } from '../../lambda/ports.ts'
import type { Report } from '../../lambda/report/report.ts'
import type { Deployment } from './deployment.ts'

/** How many lines the files of running imports have: the safety check has counted them before the first one was sent. */
export class ExpectedLines {
  readonly #checkpoints: Checkpoints
  readonly #found = new Map<string, number>()

  constructor({ s3, bucket }: Pick<Deployment, 's3' | 'bucket'>) {
    this.#checkpoints = s3Checkpoints(s3, bucket)
  }

  /** @returns undefined if the check is off, or has not ended */
  async of({ state, file }: Pick<Report, 'state' | 'file'>): Promise<number | undefined> {
    const name = `${file.bucket}/${file.key} ${versionOf(file)}`
    if (state !== 'importing') {
      this.#found.delete(name)
      return undefined
    }
    const known = this.#found.get(name)
    if (known !== undefined) return known
    const found = await findSafety(file, { checkpoints: this.#checkpoints }).catch(() => undefined)
    if (found === undefined) return undefined
    this.#found.set(name, found.safety.lines)
    return found.safety.lines
  }
}
