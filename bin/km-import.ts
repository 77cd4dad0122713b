#!/usr/bin/env -S node --max-semi-space-size=4 --max-old-space-size=256
// V8 lets its heap grow with the memory of the computer, garbage and all; the importer needs little, whatever the size of the file.
import { main } from '../cli/main.ts'

// Whoever reads the output, such as `head`, may have had enough of it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

process.exitCode = await main(process.argv.slice(2))
