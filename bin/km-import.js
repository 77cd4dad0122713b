#!/usr/bin/env -S node --min-semi-space-size=16 --max-semi-space-size=16 --max-old-space-size=256
// By default V8 sizes its heap by the memory of the computer and collects late; the importer needs little, whatever the size of the file.
import module from 'node:module'
import path from 'node:path'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `km-import needs Node 22.18 or newer, and this is Node ${process.versions.node}. In its folder, npm ci installs the right one; then start it with: npx km-import\n`,
  )
  process.exit(2)
}

// Halves the start of a command. The cache is inside the project, because Node's default is a folder that other users can write to.
// If it is not writable, nothing is cached. Worker threads read the environment variable.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled')
module.enableCompileCache()
// This file is JavaScript because Node needs 25 ms to load its type stripper, which a cached TypeScript file does not need.
const { main } = await import('../cli/main.ts')

// The reader of the output (e.g. `head`) may close the pipe early.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

process.exitCode = await main(process.argv.slice(2))
