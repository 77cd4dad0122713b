import { Readable } from 'node:stream'

/** Typical lines: an event with two properties, about 110 bytes. */
export function* shortLines(count: number): Generator<string> {
  for (let number = 0; number < count; number += 1) {
    yield `{"_p":"person${number % 5000}@example.com","_t":${1_700_000_000 + number},"_n":"visited site","plan":"pro","seats":${number % 50}}`
  }
}

/** Lines of about 7 KB, so that importing a gigabyte does not take too long. */
export function* longLines(count: number): Generator<string> {
  const text = 'x'.repeat(6_900)
  for (let number = 0; number < count; number += 1) {
    yield `{"_p":"person${number % 5000}@example.com","_t":${1_700_000_000 + number},"_n":"visited site","note":"${text}"}`
  }
}

/** The lines as the bytes of a file, in chunks of about 64 KiB, generated while they are read. */
export function asBytes(lines: Iterable<string>): Readable {
  return Readable.from(inChunks(lines), { objectMode: false })
}

function* inChunks(lines: Iterable<string>): Generator<Buffer> {
  let text = ''
  for (const line of lines) {
    text += `${line}\n`
    if (text.length < 65_536) continue
    yield Buffer.from(text)
    text = ''
  }
  if (text !== '') yield Buffer.from(text)
}
