/** The baseline of a preview: split2 and JSON.parse, and nothing else. argv: a file. */
import { createReadStream } from 'node:fs'
import split2 from 'split2'

createReadStream(process.argv[2] ?? '')
  .pipe(split2())
  .on('data', (line: string) => {
    try {
      JSON.parse(line)
    } catch {
      // what is no JSON costs the time that it costs
    }
  })
