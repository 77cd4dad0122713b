import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build, type BuildOptions, type BuildResult } from 'esbuild'
import { TRIMS, trimming, type Trim } from './bundle-trims.ts'
import { lazyAssert } from './lazy-assert.ts'

const ROOT = path.join(import.meta.dirname, '..')

/**
 * The `module` field of packages makes the bundle a third smaller than `main`. The AWS SDK is bundled: the one in the Lambda runtime has
 * another version, and can change without a deployment.
 */
const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  minify: true,
  metafile: true,
  logLevel: 'error',
  // Written by this file, so that no path of this computer is in the source map.
  write: false,
} as const satisfies BuildOptions

/**
 * The code is CommonJS: an ES module loads all of Node's modules that it imports and all that they can reexport, also those that are only
 * needed in rare cases; CommonJS loads what it calls. A small ES module in front of it spares Lambda's runtime a search for its exports.
 */
const ENTRY = "import{createRequire}from'node:module';export const{handler}=createRequire(import.meta.url)('./importer.cjs');\n"

export interface FunctionBundle {
  readonly bytes: number
  /** The source files in it, relative to the project. */
  readonly sources: readonly string[]
}

/** Bundles the function into `outDir`: index.mjs and importer.cjs with its source map. @param options for comparisons */
export async function bundleFunction(
  outDir: string,
  { entry = 'lambda/handler.ts', trims = TRIMS }: { readonly entry?: string; readonly trims?: readonly Trim[] } = {},
): Promise<FunctionBundle> {
  const used = new Set<Trim>()
  const result = await build({
    ...OPTIONS,
    format: 'cjs',
    entryPoints: [entry],
    outfile: path.join(ROOT, 'importer.cjs'),
    plugins: [trimming(trims, used), lazyAssert],
    // No body is a stream of the Web, and asking whether one is loads them: 2 % of a cold start.
    define: { ReadableStream: 'undefined' },
    // Read only when a stack trace is logged (lambda/adapters/stack-trace.ts), which needs only names and positions.
    sourcemap: 'external',
    sourcesContent: false,
  })
  const unused = trims.filter((trim) => !used.has(trim)).map(({ file }) => file.source)
  if (unused.length > 0)
    throw new Error(`The function no longer contains ${unused.join(', ')}. Remove these from bin/bundle-trims.ts.`)
  await writeOutputs(result, outDir)
  await writeFile(path.join(outDir, 'index.mjs'), ENTRY)
  const code = result.outputFiles.find((file) => file.path.endsWith('.cjs'))
  return { bytes: ENTRY.length + (code?.contents.length ?? 0), sources: Object.keys(result.metafile.inputs) }
}

/** Bundles another program with the importer's code in the same way, into `outDir`/index.mjs. */
export async function bundleProgram(outDir: string, entry: string, trims: readonly Trim[] = TRIMS): Promise<string> {
  const outfile = path.join(ROOT, 'index.mjs')
  const result = await build({
    ...OPTIONS,
    format: 'esm',
    entryPoints: [entry],
    outfile,
    plugins: [trimming(trims, new Set())],
    // Parts of the SDK are CommonJS and call `require` for Node's own modules; an ES module does not have it.
    banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
  })
  await writeOutputs(result, outDir)
  return path.join(outDir, path.basename(outfile))
}

async function writeOutputs({ outputFiles }: BuildResult<{ write: false }>, outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true })
  for (const file of outputFiles) await writeFile(path.join(outDir, path.basename(file.path)), file.contents)
}
