/** Measured: the whole importer, from the message to the final report, as the function runs it. argv: bucket, key. */
import { createHandler } from '../lambda/app.ts'
import { printFigures } from './measure.ts'

const [bucket = '', key = ''] = process.argv.slice(2)

let lines = 0
const handler = createHandler(process.env, {
  info: (_sentence, { total }) => {
    if (typeof total === 'number') lines = total
  },
  warn: (sentence, facts) => process.stderr.write(`${sentence} ${JSON.stringify(facts)}\n`),
  error: (sentence, facts) => process.stderr.write(`${sentence} ${JSON.stringify(facts)}\n`),
  count: () => undefined,
})

await printFigures(async () => {
  await handler(
    { Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: { bucket: { name: bucket }, object: { key } } }] },
    { getRemainingTimeInMillis: () => 3_600_000 },
  )
  return lines
})
process.exit()
