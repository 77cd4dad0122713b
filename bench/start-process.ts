/** Measured: what Lambda's runtime does at a cold start, without the start of Node itself. argv: the file of a function. */
import { printFigures } from './measure.ts'

const [file = ''] = process.argv.slice(2)
await printFigures(async () => {
  await import(file)
  return 0
})
process.exit()
