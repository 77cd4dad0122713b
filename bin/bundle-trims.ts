// cspell:ignore llhttp Serde
import { readFileSync } from 'node:fs'
import type { Loader, Plugin } from 'esbuild'
import {
  onlyChannels,
  usedConstants,
  withCompressedParser,
  withNamedErrors,
  withoutRegionSets,
  withPlainNames,
  withSynchronousRead,
} from './shorter-sources.ts'

/** A file of a package that the function never runs, or not in full, and what is bundled in its place. */
export interface Trim {
  /** The end of its path. */
  readonly file: RegExp
  readonly because: string
  /** A trim for another purpose than size need not make the bundle smaller. @default 'size' */
  readonly purpose?: 'size' | 'time' | 'privacy'
  readonly loader?: Loader
  readonly replace: (source: string) => string
}

/**
 * What is left out of the function's bundle: it makes the bundle more than a third smaller, and its cold start quicker.
 * bundle-trims.test.ts asserts that each one is still worth its line, and building fails if a file is no longer in the bundle.
 */
export const TRIMS: readonly Trim[] = [
  {
    file: /undici\/lib\/llhttp\/llhttp-wasm\.js$/,
    because: 'All processors of Lambda have SIMD, so undici always takes llhttp_simd-wasm.js.',
    replace: () => 'module.exports = undefined',
  },
  {
    file: /undici\/lib\/llhttp\/llhttp_simd-wasm\.js$/,
    because: 'It is a tenth of the bundle as text, and a third of that when it is compressed. The first connection unpacks it.',
    replace: withCompressedParser,
  },
  {
    file: /undici\/lib\/core\/diagnostics\.js$/,
    because: 'It logs the URLs of requests if NODE_DEBUG says so, and these contain identities. Its channels stay.',
    purpose: 'privacy',
    replace: onlyChannels,
  },
  {
    file: /undici\/lib\/dispatcher\/client-h2\.js$/,
    because: 'The pool does not offer HTTP/2, so no connection uses it. It would also load node:http2 at each start.',
    replace: () => "module.exports = () => { throw new Error('HTTP/2 is not in the bundle of the function.') }",
  },
  {
    file: /undici\/lib\/web\/fetch\/body\.js$/,
    because: 'Only bodies that are FormData or iterators need it. Those of the importer are strings.',
    replace: () =>
      "module.exports.extractBody = () => { throw new Error('Bodies of fetch are not in the bundle of the function.') }",
  },
  {
    file: /@aws-sdk\/credential-provider-node\/dist-es\/index\.js$/,
    because: 'Lambda passes credentials in environment variables. The other providers are for computers, containers and EC2.',
    replace: () => "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env'",
  },
  {
    file: /@smithy\/core\/dist-es\/submodules\/event-streams\/index\.js$/,
    because: 'Only SelectObjectContent of S3 answers with an event stream, and the importer does not call it.',
    replace: () =>
      'export const resolveEventStreamSerdeConfig = (config) => config; export const eventStreamSerdeProvider = () => undefined; export class EventStreamSerde {}',
  },
  {
    file: /checksums?\/(?:.*\/)?(?:Sha1|Sha256)Js\.js$/,
    because: 'They are for a Node without node:crypto.',
    replace: (source) => source.replace(/^import[^]*export class (\w+) [^]*$/, 'export const $1 = undefined'),
  },
  {
    file: /@aws-sdk\/signature-v4-multi-region\/dist-es\/SignatureV4MultiRegion\.js$/,
    because: 'Only access points of several regions need it, and only with a package that is not in the bundle.',
    replace: withoutRegionSets,
  },
  {
    file: /@aws-sdk\/client-s3\/dist-es\/schemas\/schemas_0\.js$/,
    because: 'It describes all operations of S3, in objects with computed names, which esbuild has to keep.',
    replace: withPlainNames,
  },
  {
    file: /@aws-sdk\/client-[^/]+\/dist-es\/models\/errors\.js$/,
    because: 'Nearly all of the hundred errors of the clients differ in nothing but their names and fields.',
    replace: withNamedErrors,
  },
  {
    file: /undici\/lib\/llhttp\/constants\.js$/,
    because: 'It lists all methods, headers and characters of HTTP. The client reads only the errors and the types of a message.',
    replace: usedConstants,
  },
  {
    file: /@smithy\/core\/dist-es\/submodules\/config\/shared-ini-file-loader\/readFile\.js$/,
    because:
      'Each start looks for two small configuration files. node:fs/promises loads eleven further modules of Node for that.',
    purpose: 'time',
    replace: withSynchronousRead,
  },
  {
    file: /@aws-sdk\/[^/]+\/package\.json$/,
    because: 'The clients read only their version.',
    loader: 'json',
    replace: (source) => JSON.stringify({ version: (JSON.parse(source) as { readonly version: string }).version }),
  },
]

/** An esbuild plugin that applies them. @param used collects those that have replaced a file */
export function trimming(trims: readonly Trim[], used: Set<Trim>): Plugin {
  return {
    name: 'trimming',
    setup: (build) => {
      for (const trim of trims)
        build.onLoad({ filter: trim.file }, ({ path }) => {
          used.add(trim)
          return { contents: trim.replace(readFileSync(path, 'utf8')), loader: trim.loader ?? 'js' }
        })
    },
  }
}
