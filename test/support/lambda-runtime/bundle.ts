import path from 'node:path'
import { build } from 'esbuild'
import { BUNDLE } from '../../../lib/bundle.ts'

const ROOT = path.join(import.meta.dirname, '..', '..', '..')

/** Makes the one file that is deployed, as the stack has it made. @returns its size in bytes */
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
