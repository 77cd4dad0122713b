// cspell:ignore llhttp Serde
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Loader, Plugin } from 'esbuild'

/** A file of a package that the function never runs, or not in full, and what is bundled in its place. */
export interface Trim {
  /** The end of its path. */
  readonly file: RegExp
  readonly because: string
  readonly loader?: Loader
  readonly replace: (source: string) => string
}

/**
 * What is left out of the function's bundle: it makes the bundle a third smaller, and its cold start quicker. bundle-trims.test.ts asserts
 * that each one is still worth its line, and building fails if a file is no longer in the bundle.
 */
export const TRIMS: readonly Trim[] = [
  {
    file: /undici\/lib\/llhttp\/llhttp-wasm\.js$/,
    because: 'All processors of Lambda have SIMD, so undici always takes llhttp_simd-wasm.js.',
    replace: () => 'module.exports = undefined',
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
    file: /@aws-sdk\/client-s3\/dist-es\/schemas\/schemas_0\.js$/,
    because: 'It describes all operations of S3, in objects with computed names, which esbuild has to keep.',
    replace: withPlainNames,
  },
  {
    file: /@aws-sdk\/client-[^/]+\/dist-es\/models\/errors\.js$/,
    because: 'Nearly all of the hundred errors of the clients differ in nothing but their names.',
    replace: withNamedErrors,
  },
  {
    file: /undici\/lib\/llhttp\/constants\.js$/,
    because: 'It lists all methods, headers and characters of HTTP. The client reads only the errors and the types of a message.',
    replace: () => `module.exports = ${JSON.stringify(usedConstants())}`,
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

/** Writes `{ [_hH]: 1 }` as `{ "httpHeader": 1 }`. Then esbuild sees that an object has no side effects, and leaves it out if it is unused. */
function withPlainNames(source: string): string {
  const names = new Map([...source.matchAll(/^const (_\w+) = (".*");$/gm)].map(([, name = '', text = '']) => [name, text]))
  return source.replaceAll(/([{,] ?)\[(_\w+)\]:/g, (whole, before: string, name: string) => {
    const text = names.get(name)
    return text === undefined ? whole : `${before}${text}:`
  })
}

/** An error that has nothing but a name: the SDK writes its class out. */
const NAMED_ERROR =
  /^export class (\w+) extends __BaseException \{\s+static shapeId = ("[^"]+");\s+name = "\1";\s+\$fault = ("\w+");\s+constructor\(opts\) \{\s+super\(\{\s+name: "\1",\s+\$fault: \3,\s+\.\.\.opts,\s+\}\);\s+Object\.setPrototypeOf\(this, \1\.prototype\);\s+\}\s+\}$/gm

const NAMED_ERROR_CLASS = `const __namedError = (name, $fault, shapeId) => class extends __BaseException {
  static shapeId = shapeId
  name = name
  $fault = $fault
  constructor(opts) {
    super({ name, $fault, ...opts })
    Object.setPrototypeOf(this, new.target.prototype)
  }
}`

/** Writes each class of an error that has nothing but a name as the call of a function that makes such a class. */
function withNamedErrors(source: string): string {
  const short = source.replaceAll(NAMED_ERROR, 'export const $1 = __namedError("$1", $3, $2)')
  return short.replace(/^(?=export )/m, `${NAMED_ERROR_CLASS}\n`)
}

function usedConstants(): object {
  const { ERROR, TYPE } = createRequire(import.meta.url)('undici/lib/llhttp/constants.js') as Readonly<Record<string, object>>
  return { ERROR, TYPE }
}
