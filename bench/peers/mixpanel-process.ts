/**
 * mixpanel-import, called as its README says. argv: Job, options as JSON.
 *
 * It has no option for another address, so undici's pool is replaced by one that goes to the sink, and every name but that of this computer
 * is refused.
 */
import dns from 'node:dns'
import { createRequire } from 'node:module'
import path from 'node:path'
import { printFigures } from '../measure.ts'
import { readJob } from './job.ts'

interface Results {
  readonly total: number
  readonly failed: number
  readonly unparsable: number
}

type Import = (credentials: object, file: string, options: object) => Promise<Results>
type Pool = new (origin: string, options: object) => object

const { file, sink, packages } = readJob()
const require = createRequire(path.join(packages, 'node_modules', 'mixpanel-import', 'index.js'))

const refuseNames = (_name: string, _options: unknown, callback: (error: Error) => void): void => {
  callback(new Error('The comparison uses this computer only.'))
}
Object.assign(dns, { lookup: refuseNames })

const undici = require('undici') as { Pool: Pool }
const { Pool } = undici
undici.Pool = class extends Pool {
  constructor(_origin: string, options: object) {
    super(sink, options)
  }
}
const importFile = require(packages + '/node_modules/mixpanel-import') as Import

let rejected = 0
await printFigures(
  async () => {
    const options = { recordType: 'event', ...(JSON.parse(process.argv[3] ?? '{}') as object) }
    const { total, failed, unparsable } = await importFile({ token: 'bench' }, file, options)
    rejected = failed + unparsable
    return total
  },
  () => ({ rejected }),
)
process.exit()
