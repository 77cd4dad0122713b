import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { sealed, type Receipt } from '../../lambda/report/receipt.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { counted, labelledMessage, printable, styled, writeMessage } from '../terminal/output.ts'
import { readReceipt } from './read-receipt.ts'

/**
 * Checks that a receipt is about a file, and that nothing in it was changed. Needs no AWS and no network.
 *
 * @throws SetupError if one of the two cannot be read
 */
export async function verify(file: string, receiptFile: string): Promise<ExitCode> {
  const text = await readFile(receiptFile, 'utf8').catch((cause: unknown) => {
    throw unreadable(receiptFile, cause)
  })
  const receipt = readReceipt(text, printable(receiptFile))
  const fault = findReceiptFault(receipt) ?? (await findFileFault(file, receipt))
  if (fault === undefined) writeMessage(process.stdout, successText(file, receipt))
  else process.stdout.write(labelledMessage(process.stdout, 'red', 'Not verified:', fault))
  return fault === undefined ? EXIT.ok : EXIT.somethingWrong
}

/** What is wrong with a receipt alone: without its file. */
export function findReceiptFault(receipt: Receipt): string | undefined {
  const { seal, ranges, ...head } = receipt
  const expected = sealed(head, ranges)
  const changed = expected.ranges.findIndex(({ chain }, index) => chain !== ranges[index]?.chain)
  if (changed !== -1 || expected.seal !== seal)
    return 'the receipt was changed after it was written. Compare it with the one in the bucket, under reports/.'
  const isComplete = ranges.every(({ byteStart }, index) => byteStart === (ranges[index - 1]?.byteEnd ?? 0))
  return isComplete && (ranges.at(-1)?.byteEnd ?? 0) === head.file.bytes
    ? undefined
    : 'the receipt does not cover the whole file, so the importer has not written it like this.'
}

async function findFileFault(file: string, { file: { bytes, key }, ranges }: Receipt): Promise<string | undefined> {
  const { size } = await stat(file).catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  if (size !== bytes)
    return `${printable(file)} has ${counted(size, 'byte')}, and the receipt is about ${counted(bytes, 'byte')}. It is another file, or another version of ${printable(key)}.`
  for (const { byteStart, byteEnd, sha256 } of ranges)
    if ((await hashOf(file, byteStart, byteEnd)) !== sha256)
      return `${printable(file)} differs from the file that was imported, somewhere from byte ${byteStart} to byte ${byteEnd}.`
  return undefined
}

async function hashOf(file: string, start: number, end: number): Promise<string> {
  const hash = createHash('sha256')
  if (end > start)
    try {
      for await (const chunk of createReadStream(file, { start, end: end - 1 }) as AsyncIterable<Buffer>) hash.update(chunk)
    } catch (cause) {
      throw unreadable(file, cause)
    }
  return hash.digest('hex')
}

function successText(file: string, { file: { key, versionId }, ranges, writtenAt, seal }: Receipt): string {
  const total = (result: 'delivered' | 'rejected' | 'undeliverable' | 'blank') =>
    ranges.reduce((sum, { lines }) => sum + lines[result], 0)
  const version = versionId === undefined ? '' : `, version ${printable(versionId)}`
  return [
    `${styled(process.stdout, 'green', 'Verified:')} ${printable(file)} is what was imported as ${printable(key)}${version}.`,
    `  ${counted(total('delivered'), 'line')} delivered, ${total('rejected')} rejected, ${total('undeliverable')} undeliverable, ${total('blank')} blank, on ${writtenAt.slice(0, 10)}.`,
    `  Seal of the receipt: ${seal}`,
    '',
  ].join('\n')
}

function unreadable(file: string, cause: unknown): SetupError {
  const code = codeOf(cause)
  const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code
  return new SetupError(`${printable(file)} cannot be read: ${why}. Check the name and the permissions.`, { cause })
}
