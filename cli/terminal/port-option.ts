import { SetupError } from '../../lambda/errors.ts'

const LAST = 65_535

/**
 * @param text as it was typed after `--port`
 * @param inARow so many ports, from that one on, have to exist
 * @returns 0 for any that are free, where none was named
 * @throws SetupError
 */
export function readPort(text: string | undefined, inARow: number): number {
  if (text === undefined) return 0
  const last = LAST + 1 - inARow
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= last) return port
  throw new SetupError(
    `--port is "${text}": expected a whole number from 1 to ${last}. Leave it out to take ${inARow === 1 ? 'a free port' : 'free ports'}.`,
  )
}
