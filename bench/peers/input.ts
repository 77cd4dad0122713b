import { writeFile } from 'node:fs/promises'

/** What an importer reads: the lines of this project, or the same events as Mixpanel names them. */
export type Form = 'kissmetrics' | 'mixpanel'

const BAD_EVERY = 100

/** In a file with bad lines, one line in a hundred: by turns one that is cut off, and one without its person (for Mixpanel: its time). */
export function isBad(number: number): boolean {
  return number % BAD_EVERY === BAD_EVERY / 2
}

function isCutOff(number: number): boolean {
  return Math.floor(number / BAD_EVERY) % 2 === 0
}

/** Line `number`, from 1, of about 110 bytes. The sink recognises it by `seq`, whatever protocol it arrives in. */
function lineOf(number: number, form: Form, hasBad: boolean): string {
  const bad = hasBad && isBad(number)
  const person = `person${number % 5000}@example.com`
  const time = 1_700_000_000 + number
  const properties = { plan: 'pro', seq: number }
  const isIncomplete = bad && !isCutOff(number)
  const event =
    form === 'kissmetrics'
      ? { ...(isIncomplete ? {} : { _p: person }), _t: time, _n: 'visited site', ...properties }
      : {
          event: 'visited site',
          properties: { distinct_id: person, ...(isIncomplete ? {} : { time }), $insert_id: `id${number}`, ...properties },
        }
  const line = JSON.stringify(event)
  return bad && !isIncomplete ? line.slice(0, -5) : line
}

export interface Input {
  readonly lines: number
  readonly form: Form
  readonly hasBad: boolean
}

export async function writeInput(file: string, { lines, form, hasBad }: Input): Promise<void> {
  await writeFile(file, Array.from({ length: lines }, (_, index) => `${lineOf(index + 1, form, hasBad)}\n`).join(''))
}
