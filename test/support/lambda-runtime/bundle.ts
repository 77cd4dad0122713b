import path from 'node:path'
import { build } from 'esbuild'
import { BUNDLE } from '../../../lib/bundle.ts'

const ROOT = path.join(import.meta.dirname, '..', '..', '..')

/** Bundles the function into one file, with the same options as the stack. @returns its size in bytes */
export async function buildBundle(outDir: string, entry = path.join(ROOT, 'lambda/handler.ts')): Promise<number> {
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
  return Object.entries(metafile.outputs).find(([name]) => name.endsWith('index.mjs'))?.[1].bytes ?? 0
}
