import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'

/** A frame in a file: `at run (/var/task/importer.cjs:1:2345)`, or without a name: `at async /var/task/importer.cjs:1:2345`. */
const FRAME = /^( +at )(?:async |.*\()?((?:file:\/\/)?\/[^()\n]+):(\d+):(\d+)\)?$/gm

/** By file; undefined if it has no source map. */
const maps = new Map<string, SourceMap | undefined>()

/**
 * The stack with the positions in the sources. The function is one minified file, with a source map beside it. Node's --enable-source-maps
 * would read that map at each cold start; this function reads it when the first error is logged. Names of functions are left out: they are
 * minified.
 */
export function originalStack(stack: string): string {
  return stack.replace(FRAME, (frame, at: string, file: string, line: string, column: string) => {
    const origin = mapOf(file.replace('file://', ''))?.findOrigin(Number(line), Number(column))
    if (origin === undefined || !('fileName' in origin)) return frame
    return `${at}${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`
  })
}

/** The error, with the positions in the sources in its stack. */
export function withOriginalStack(error: unknown): unknown {
  if (error instanceof Error && error.stack !== undefined) error.stack = originalStack(error.stack)
  return error
}

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) maps.set(file, readMap(`${file}.map`))
  return maps.get(file)
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(file, 'utf8')) as ConstructorParameters<typeof SourceMap>[0])
  } catch {
    return undefined // the stack is worth something without its map too
  }
}
