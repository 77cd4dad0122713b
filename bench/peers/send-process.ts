/** `km-import send --yes`, preview and safety check included. argv: Job. */
import { readFile } from 'node:fs/promises'
import { main } from '../../cli/main.ts'
import { isFinished, type Report } from '../../lambda/report/report.ts'
import { printFigures } from '../measure.ts'
import { API_KEY, readJob } from './job.ts'

const { file, sink, inFlight } = readJob()
Object.assign(process.env, { KM_API_KEY: API_KEY, KM_MAX_IN_FLIGHT: String(inFlight) })

let rejected = 0
await printFigures(
  async () => {
    const code = await main(['send', '--yes', '--endpoint', sink, file])
    const report = JSON.parse(await readFile(`${file}.report.json`, 'utf8')) as Report
    if (code > 1 || !isFinished(report)) throw new Error(`km-import send ended with ${code}, and the report says ${report.state}`)
    rejected = report.lines.rejected
    return report.lines.total
  },
  () => ({ rejected }),
)
process.exit()
