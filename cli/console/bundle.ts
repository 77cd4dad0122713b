import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'

/** The console's page, ready to be served. */
export interface PageBundle {
  readonly html: string
  readonly css: string
  readonly js: string
}

const PAGE = path.join(import.meta.dirname, 'page')

/**
 * Bundles the page in memory when it is first opened, in a fraction of a second. So a changed source needs no build step, and no built
 * file can be out of date.
 */
export async function bundlePage(): Promise<PageBundle> {
  const [html, { outputFiles }] = await Promise.all([
    readFile(path.join(PAGE, 'index.html'), 'utf8'),
    build({
      entryPoints: { page: path.join(PAGE, 'main.tsx') },
      outdir: PAGE, // only names the files: `write: false` keeps them in memory
      write: false,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      legalComments: 'none',
      logLevel: 'silent', // errors are thrown
    }),
  ])
  const textOf = (suffix: string) => outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? ''
  return { html, css: textOf('.css'), js: textOf('.js') }
}
