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
 * Makes the page from its sources when it is first opened, which takes a fraction of a second: so there is no step between a change and the
 * page, and no file that could be older than its source. Nothing is written.
 */
export async function bundlePage(): Promise<PageBundle> {
  const [html, { outputFiles }] = await Promise.all([
    readFile(path.join(PAGE, 'index.html'), 'utf8'),
    build({
      entryPoints: { page: path.join(PAGE, 'main.tsx') },
      outdir: PAGE, // names the files; `write` keeps them from being written
      write: false,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      legalComments: 'none',
      logLevel: 'silent', // what goes wrong is thrown
    }),
  ])
  const textOf = (suffix: string) => outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? ''
  return { html, css: textOf('.css'), js: textOf('.js') }
}
