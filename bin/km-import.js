#!/usr/bin/env -S node --min-semi-space-size=16 --max-semi-space-size=16 --max-old-space-size=256
// By default V8 sizes its heap by the memory of the computer and collects late; the importer needs little, whatever the size of the file.
import { enableCompileCache } from 'node:module'
import path from 'node:path'

// Halves the start of a command. The cache is inside the project, because Node's default is a folder that other users can write to.
// If it is not writable, nothing is cached. Worker threads read the environment variable.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled')
enableCompileCache()
// This file is JavaScript because Node needs 25 ms to load its type stripper, which a cached TypeScript file does not need.
const { main } = await import('../cli/main.ts')

// The reader of the output (e.g. `head`) may close the pipe early.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

process.exitCode = await main(process.argv.slice(2))
