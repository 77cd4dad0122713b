/** The handler that most tutorials have: split2, and one awaited fetch for each line, without a look at its status. argv: Job. */
import { createReadStream } from 'node:fs'
import split2 from 'split2'
import { printFigures } from '../measure.ts'
import { API_KEY, readJob, type InputLine } from './job.ts'

const { file, sink } = readJob()

await printFigures(async () => {
  let lines = 0
  for await (const line of createReadStream(file).pipe(split2()) as AsyncIterable<string>) {
    const { _p, _t, ...rest } = JSON.parse(line) as InputLine
    const fields = { _k: API_KEY, _p, _d: 1, _t, ...rest }
    const query = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)]))
    const response = await fetch(`${sink}/e?${query.toString()}`)
    await response.text()
    lines += 1
  }
  return lines
})
process.exit()
