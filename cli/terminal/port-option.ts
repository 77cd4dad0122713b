import { SetupError } from '../../lambda/errors.ts'

const MAX_PORT = 65_535

/**
 * @param text the value of `--port`, if the user gave one
 * @param count number of consecutive ports that are needed, starting with this one
 * @returns 0, which means any free port, if the user gave none
 * @throws SetupError
 */
export function readPort(text: string | undefined, count: number): number {
  if (text === undefined) return 0
  const max = MAX_PORT + 1 - count
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= max) return port
  throw new SetupError(
    `--port is "${text}": expected a whole number from 1 to ${max}. Leave it out to use ${count === 1 ? 'a free port' : 'free ports'}.`,
  )
}
