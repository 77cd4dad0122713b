/** The baseline of a preview: split2 and JSON.parse only. argv: a file. */
import { createReadStream } from 'node:fs'
import split2 from 'split2'

createReadStream(process.argv[2] ?? '')
  .pipe(split2())
  .on('data', (line: string) => {
    try {
      JSON.parse(line)
    } catch {
      // a line that is not JSON has cost its time
    }
  })
