import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { cachePage, readCachedPage, type PageBundle, type PageCache } from './page-cache.ts'

const PAGE = path.join(import.meta.dirname, 'page')
const ROOT = path.join(import.meta.dirname, '..', '..')
const CACHE = { file: path.join(ROOT, 'node_modules', '.cache', 'page.json'), root: ROOT }

/** What the page depends on and esbuild does not name as its source. */
const NOT_NAMED = [
  'cli/console/bundle.ts',
  'cli/console/page/index.html',
  'cli/console/page/tsconfig.json',
  'node_modules/esbuild/package.json',
]

/**
 * The page: from the npm package, which contains it, or else bundled from its source, in a fraction of a second, if that has changed since
 * the last time. So a changed source needs no build step.
 *
 * @param startMs the time now
 */
export async function readPage(cache: PageCache = CACHE, startMs = Date.now()): Promise<PageBundle> {
  const [html = '', css = '', js = '', worker = ''] = await Promise.all(
    ['index.html', 'page.css', 'page.js', 'check-worker.js'].map((name) =>
      readFile(path.join(PAGE, name), 'utf8').catch(() => undefined),
    ),
  )
  if (js !== '') return { html, css, js, worker }
  return (await readCachedPage(cache)) ?? (await bundleAndCache(cache, startMs))
}

async function bundleAndCache(cache: PageCache, startMs: number): Promise<PageBundle> {
  const { sources, ...page } = await bundlePage()
  await cachePage(cache, page, [...sources, ...NOT_NAMED], startMs)
  return page
}

/** @returns the page, and the names of the source files in it, from the root of the project */
export async function bundlePage(): Promise<PageBundle & { readonly sources: readonly string[] }> {
  const { build } = await import('esbuild')
  const [html, { outputFiles, metafile }] = await Promise.all([
    readFile(path.join(PAGE, 'index.html'), 'utf8'),
    build({
      absWorkingDir: ROOT, // the names of the sources start there
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
