#!/usr/bin/env -S node --min-semi-space-size=16 --max-semi-space-size=16 --max-old-space-size=256
// V8 lets its heap grow with the memory of the computer, garbage and all; the importer needs little, whatever the size of the file.
import { enableCompileCache } from 'node:module'
import path from 'node:path'

// A command starts in half of the time. Beside the program and not where Node would put it, which is a folder that others can write to;
// where this one may not be written, nothing is kept. Threads go by the environment.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled')
enableCompileCache()
// This file is JavaScript: to read one of TypeScript before there is a cache, Node loads its stripper of types, for 25 ms.
const { main } = await import('../cli/main.ts')

// Whoever reads the output, such as `head`, may have had enough of it.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

process.exitCode = await main(process.argv.slice(2))
