/**
 * The pattern of AWS's own samples for the step from S3 to a service: aws-samples/s3-to-lambda-patterns, ddbImporter/v1 (the whole object
 * in memory, batches of 25, all at once, each error logged and forgotten), with its HTTP client from docrepository/addToESindex (the status is logged).
 * argv: Job.
 */
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { printFigures } from '../measure.ts'
import { API_KEY, readJob, type InputLine } from './job.ts'

const { file, sink } = readJob()
const BATCH_SIZE = 25
/** What the AWS SDK sets. */
const agent = new Agent({ keepAlive: true, maxSockets: 50 })

function send({ _p, _t, ...rest }: InputLine): Promise<void> {
  const fields = { _k: API_KEY, _p, _d: 1, _t, ...rest }
  const query = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)]))
  return new Promise((resolve, reject) => {
    request(`${sink}/e?${query.toString()}`, { agent }, (response) => {
      if (response.statusCode !== 200) process.stderr.write(`${response.statusCode ?? 0}\n`)
      response.resume().on('end', resolve)
    })
      .on('error', reject)
      .end()
  })
}

await printFigures(async () => {
  let lines = 0
  try {
    const text = await readFile(file, 'utf8')
    const events = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as InputLine)
    lines = events.length
    const batches: InputLine[][] = []
    while (events.length > 0) batches.push(events.splice(0, BATCH_SIZE))
    await Promise.all(
      batches.map(async (batch) => {
        try {
          await Promise.all(batch.map(send))
        } catch (error) {
          process.stderr.write(`${String(error)}\n`)
        }
      }),
    )
  } catch (error) {
    process.stderr.write(`${String(error)}\n`)
  }
  return lines
})
process.exit()
