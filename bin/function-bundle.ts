import path from 'node:path'
import { build } from 'esbuild'
import { BUNDLE } from '../lib/bundle.ts'

const ROOT = path.join(import.meta.dirname, '..')

export interface FunctionBundle {
  readonly bytes: number
  /** The source files in it, relative to the project. */
  readonly sources: readonly string[]
}

/** Bundles the function into `outDir`/index.mjs, with the same options as the stack. @param entry the file to bundle */
export async function bundleFunction(outDir: string, entry = path.join(ROOT, 'lambda/handler.ts')): Promise<FunctionBundle> {
  const { banner, mainFields, ...options } = BUNDLE
  const { metafile } = await build({
    ...options,
    mainFields: [...mainFields],
    banner: { js: banner },
    bundle: true,
    platform: 'node',
    entryPoints: [entry],
    outfile: path.join(outDir, 'index.mjs'),
    metafile: true,
    logLevel: 'error',
    absWorkingDir: ROOT,
  })
  const bytes = Object.entries(metafile.outputs).find(([name]) => name.endsWith('index.mjs'))?.[1].bytes ?? 0
  return { bytes, sources: Object.keys(metafile.inputs) }
}
