import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import * as v from 'valibot'

const SCHEMA = 'kissmetrics-importer/page-address/v1'
const ONLY_OWNER = 0o600

const StoredAddress = v.looseObject({
  schema: v.literal(SCHEMA),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  token: v.pipe(v.string(), v.regex(/^[\w-]{32}$/)),
})

/** What the address of the page is made of. It stays over restarts, so that bookmarks and open tabs go on working. */
export interface PageAddress {
  /** 0 for any free port. */
  readonly port: number
  readonly token: string
}

/** The address that was used before; a new one if there is none, or if the file cannot be used. */
export async function readPageAddress(file: string): Promise<PageAddress> {
  try {
    return v.parse(StoredAddress, JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return newPageAddress()
  }
}

export function newPageAddress(): PageAddress {
  return { port: 0, token: randomBytes(24).toString('base64url') }
}

/** Never throws: without the file, the next start has another address. */
export async function writePageAddress(file: string, { port, token }: PageAddress): Promise<void> {
  const text = `${JSON.stringify({ schema: SCHEMA, port, token }, null, 2)}\n`
  await writeFile(file, text, { mode: ONLY_OWNER }).catch(() => undefined)
}
