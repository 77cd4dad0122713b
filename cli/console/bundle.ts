import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** The console's page, ready to be served. */
export interface PageBundle {
  readonly html: string
  readonly css: string
  readonly js: string
  /** The script of the thread that checks files. */
  readonly worker: string
}

const PAGE = path.join(import.meta.dirname, 'page')

/**
 * The page: from the npm package, which contains it, or else bundled in memory, in a fraction of a second. So a
 * changed source needs no build step, and no built file can be out of date.
 */
export async function readPage(): Promise<PageBundle> {
  const [html = '', css = '', js = '', worker = ''] = await Promise.all(
    ['index.html', 'page.css', 'page.js', 'check-worker.js'].map((name) =>
      readFile(path.join(PAGE, name), 'utf8').catch(() => undefined),
    ),
  )
  return js === '' ? bundlePage() : { html, css, js, worker }
}

/** @returns the page, and the names of the source files in it */
export async function bundlePage(): Promise<PageBundle & { readonly sources: readonly string[] }> {
  const { build } = await import('esbuild')
  const [html, { outputFiles, metafile }] = await Promise.all([
    readFile(path.join(PAGE, 'index.html'), 'utf8'),
    build({
      entryPoints: { page: path.join(PAGE, 'main.tsx'), 'check-worker': path.join(PAGE, 'imports/check-worker.ts') },
      outdir: PAGE, // only names the files: `write: false` keeps them in memory
      write: false,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      loader: { '.md': 'text' },
      jsx: 'automatic',
      jsxImportSource: 'preact',
      legalComments: 'none',
      metafile: true,
      logLevel: 'silent', // errors are thrown
    }),
  ])
  const textOf = (suffix: string) => outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? ''
  return {
    html,
    css: textOf('page.css'),
    js: textOf('page.js'),
    worker: textOf('check-worker.js'),
    sources: Object.keys(metafile.inputs),
  }
}
