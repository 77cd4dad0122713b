// cspell:ignore llhttp sigv4a
import { createRequire } from 'node:module'
import { deflateRawSync } from 'node:zlib'

/** Writes `{ [_hH]: 1 }` as `{ "httpHeader": 1 }`. Then esbuild sees that an object has no side effects, and leaves it out if it is unused. */
export function withPlainNames(source: string): string {
  const names = new Map([...source.matchAll(/^const (_\w+) = (".*");$/gm)].map(([, name = '', text = '']) => [name, text]))
  return source.replaceAll(/([{,] ?)\[(_\w+)\]:/g, (whole, before: string, name: string) => {
    const text = names.get(name)
    return text === undefined ? whole : `${before}${text}:`
  })
}

/** An error that has nothing but a name, and perhaps fields that it copies: the SDK writes its class out. */
const NAMED_ERROR =
  /^export class (\w+) extends __BaseException \{\s+static shapeId = "([\w.]+)#\1";\s+name = "\1";\s+\$fault = "(\w+)";\s+((?:\w+;\s+)*)constructor\(opts\) \{\s+super\(\{\s+name: "\1",\s+\$fault: "\3",\s+\.\.\.opts,\s+\}\);\s+Object\.setPrototypeOf\(this, \1\.prototype\);\s+((?:this\.\w+ = opts\.\w+;\s+)*)\}\s+\}$/gm

/** Writes each class of such an error as the call of a function that makes such a class. */
export function withNamedErrors(source: string): string {
  const [, service = ''] = /shapeId = "([\w.]+)#/.exec(source) ?? []
  const short = source.replaceAll(
    NAMED_ERROR,
    (whole, name: string, itsService: string, fault: string, declared: string, copied: string) => {
      const fields = declared.match(/\w+/g) ?? []
      const copies = fields.map((field) => `this.${field}=opts.${field};`).join('')
      if (itsService !== service || copied.replaceAll(/\s/g, '') !== copies) return whole
      return `export const ${name} = __namedError(${[name, fault, ...fields].map((text) => `"${text}"`).join(', ')})`
    },
  )
  return short.replace(/^(?=export )/m, `${namedErrorClass(service)}\n`)
}

function namedErrorClass(service: string): string {
  return `const __namedError = (name, $fault, ...fields) => class extends __BaseException {
    static shapeId = "${service}#" + name
    name = name
    $fault = $fault
    constructor(opts) {
      super({ name, $fault, ...opts })
      Object.setPrototypeOf(this, new.target.prototype)
      for (const field of fields) this[field] = opts[field]
    }
  }`
}

/** Keeps the error of a request for several regions; its packages, which would sign it, are not in the bundle. */
export function withoutRegionSets(): string {
  return `import { SignatureV4SignWithCredentials } from './SignatureV4SignWithCredentials'
    const refuseRegionSets = ({ signingRegion } = {}) => {
      if (signingRegion === '*') throw new Error('Signatures for several regions are not in the bundle of the function.')
    }
    export class SignatureV4MultiRegion extends SignatureV4SignWithCredentials {
      static sigv4aDependency() {
        return 'none'
      }
      async sign(request, options) {
        refuseRegionSets(options)
        return super.sign(request, options)
      }
    }`
}

/** The same program of WebAssembly, which undici reads when the first connection is made. */
export function withCompressedParser(source: string): string {
  const [, base64 = ''] = /^const wasmBase64 = '([^']+)'$/m.exec(source) ?? []
  const packed = deflateRawSync(Buffer.from(base64, 'base64'), { level: 9 }).toString('base64')
  return `let wasm
    Object.defineProperty(module, 'exports', {
      get: () => wasm ??= require('node:zlib').inflateRawSync(Buffer.from('${packed}', 'base64')),
    })`
}

/** Reads a file with node:fs, which is loaded anyway. */
export function withSynchronousRead(source: string): string {
  return source.replace(
    'import { readFile as fsReadFile } from "node:fs/promises";',
    `import { readFileSync } from 'node:fs'
    const fsReadFile = async (file, encoding) => readFileSync(file, encoding)`,
  )
}

/** The channels without what logs their messages for NODE_DEBUG. */
export function onlyChannels(source: string): string {
  const [channels = ''] = /^const channels = \{[^}]*\}$/m.exec(source) ?? []
  return `const diagnosticsChannel = require('node:diagnostics_channel')
    ${channels}
    module.exports = { channels }`
}

/** The part of undici's constants of HTTP that its client reads. */
export function usedConstants(): string {
  const { ERROR, TYPE } = createRequire(import.meta.url)('undici/lib/llhttp/constants.js') as Readonly<Record<string, object>>
  return `module.exports = ${JSON.stringify({ ERROR, TYPE })}`
}
