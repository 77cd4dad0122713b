import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { codeOf } from '../../../lambda/errors.ts'
import { isUsualKey } from '../../../lambda/settings/api-key.ts'
import { grouped } from '../../terminal/numbers.ts'
import { findingsOf, type Finding } from '../finding.ts'

/** S3, SQS, the Kissmetrics emulator and the page. */
const PORTS = 4
/** One is needed for each folder in the drop folder, and editors use thousands. */
const ENOUGH_WATCHES = 8_192
const MAX_WATCHES = '/proc/sys/fs/inotify/max_user_watches'

/** Whether the variable holds something like a key. It is never shown. */
export function checkKey(name: string, key: string | undefined): readonly Finding[] {
  const { ok, warning, notChecked } = findingsOf('API key')
  const trimmed = key?.trim() ?? ''
  if (trimmed === '')
    return [notChecked(`${name} is not set. The emulator needs no key; sending to Kissmetrics needs one (export ${name}=…).`)]
  if (isUsualKey(trimmed)) return [ok(`${name} contains 40 hex digits, like every key of Kissmetrics.`)]
  return [
    warning(
      `${name} does not contain 40 hex digits, as Kissmetrics keys do (it has ${trimmed.length} characters). Kissmetrics accepts a wrong key without an error: compare it with the one in your Kissmetrics settings.`,
    ),
  ]
}

/** Whether the ports that a start needs are free. @param first 0: it takes any free ports */
export async function checkPorts(first: number): Promise<readonly Finding[]> {
  const { ok, wrong } = findingsOf('ports')
  const ports = first === 0 ? [0] : Array.from({ length: PORTS }, (_, index) => first + index)
  for (const port of ports) {
    const code = await codeOfListening(port)
    if (code === '') continue
    return port === 0
      ? [wrong(`No server can be started on 127.0.0.1 (${code}). Local mode needs four.`)]
      : [wrong(`Port ${port} is in use or not allowed (${code}). Leave --port out to use free ports.`)]
  }
  return [ok(first === 0 ? 'Servers can be started on 127.0.0.1.' : `Ports ${first} to ${first + PORTS - 1} are free.`)]
}

/** Linux allows each user a number of watched folders. @param read reads the setting; undefined on other systems */
export async function checkWatches(
  read: () => Promise<string | undefined> = () => readFile(MAX_WATCHES, 'utf8').catch(() => undefined),
): Promise<readonly Finding[]> {
  const { ok, warning } = findingsOf('file watching')
  const text = await read()
  if (text === undefined) return [] // another operating system, which has no such limit
  const watches = Number(text)
  if (watches >= ENOUGH_WATCHES) return [ok(`${grouped(watches)} folders can be watched.`)]
  return [
    warning(
      `Only ${grouped(watches)} folders can be watched by all your programs together. Local mode finds changes more slowly in folders that it cannot watch.`,
      `sudo sysctl fs.inotify.max_user_watches=65536`,
    ),
  ]
}

/** @returns '' if a server can listen there */
async function codeOfListening(port: number): Promise<string> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return ''
  } catch (error) {
    return codeOf(error)
  } finally {
    server.close()
  }
}
