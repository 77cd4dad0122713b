import { setImmediate } from 'node:timers/promises'
import type { S3Client } from '@aws-sdk/client-s3'
import type { SQSClient } from '@aws-sdk/client-sqs'
import { S3Error } from '../../../emulators/s3/xml.ts'
import { SqsError } from '../../../emulators/sqs/errors.ts'

/**
 * Clients that call the emulators of the same process directly, for the operations that every file needs. A request of the SDK over HTTP
 * takes 1.5 ms of processor time, ten times as long as the emulator needs for it, and a small file needs a dozen of them.
 *
 * Every other operation uses HTTP. So does one that failed: the SDK then makes its own error of it.
 */
export interface Command {
  readonly input: object
}

export interface SendOptions {
  readonly abortSignal?: AbortSignal
}

/** @returns the answer, or undefined if the command needs HTTP */
export type Execute = (command: Command, options: SendOptions) => unknown

export function withShortcut<Client extends S3Client | SQSClient>(client: Client, execute: Execute): Client {
  const overHttp = client.send.bind(client) as (command: Command, options: SendOptions) => Promise<unknown>
  const send = async (command: Command, options: SendOptions = {}): Promise<unknown> => {
    await giveTurn()
    try {
      const answer = await execute(command, options)
      if (answer !== undefined) return answer
    } catch (error) {
      if (!(error instanceof S3Error || error instanceof SqsError)) throw error
    }
    return overHttp(command, options)
  }
  return Object.assign(client, { send })
}

/** A page must not wait for thousands of calls. */
const MAX_BUSY_MS = 20
let lastTurn = performance.now()

/** A call without HTTP does not wait for anything outside, so a loop of them would keep timers and sockets from their turn until its end. */
async function giveTurn(): Promise<void> {
  if (performance.now() - lastTurn < MAX_BUSY_MS) return
  await setImmediate()
  lastTurn = performance.now()
}

/** Whether an input has no parameters, apart from those that were taken out of it. */
export function isEmpty(input: object): boolean {
  return Object.values(input).every((value) => value === undefined)
}
