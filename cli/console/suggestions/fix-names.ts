import type { DeadLetterReason } from '../../rejects/content.ts'
import { hasDateWithoutZone } from '../../../lambda/rules/fixes/times.ts'
import { suggestFix } from './suggest-fix.ts'

/** Only a user can say in which zone dates were written, so a fix with this name is a question: the page asks for the zone. */
export const ASK_FOR_ZONE = 'dates:UTC'

/**
 * How other programs call the person and the time, without signs and in lower case. Not `id` or `name`: they are often about something
 * else, and a wrong person cannot be taken out of Kissmetrics again.
 */
// cspell:ignore emailaddress useremail customerid personid eventtime createdat occurredat
const USUAL_NAMES: Readonly<Record<string, readonly string[]>> = {
  _p: [
    'p',
    'email',
    'emailaddress',
    'useremail',
    'mail',
    'userid',
    'user',
    'uid',
    'customerid',
    'personid',
    'person',
    'identity',
  ],
  _t: ['t', 'timestamp', 'time', 'ts', 'datetime', 'date', 'eventtime', 'createdat', 'occurredat'],
}

/** The fix that usually helps with such a rejection, as after `--fix`. @returns undefined if there is none, or if it needs a name that the line does not have */
export function usualFix(reason: DeadLetterReason, detail: string, text: string): string | undefined {
  const { kind, name, to } = suggestFix(reason, detail) ?? {}
  switch (kind) {
    case undefined:
      return undefined
    case 'dates':
      return hasDateWithoutZone(text) ? ASK_FOR_ZONE : kind
    case 'rename': {
      const from = usualName(text, to ?? '')
      return from === undefined || to === undefined ? undefined : `rename:${from}=${to}`
    }
    case 'list':
    case 'lift':
    case 'drop':
      return name === undefined || name === '' ? undefined : `${kind}:${name}`
    case 'ms-timestamps':
    case 'trim':
    case 'bom':
    case 'octal':
    case 'unpack':
    case 'split-objects':
      return kind
  }
}

/** The property of the line that usually means the same. */
function usualName(text: string, to: string): string | undefined {
  const names = namesIn(text)
  const found = USUAL_NAMES[to]?.map((usual) => names.find((name) => simplified(name) === usual))
  return found?.find((name) => name !== undefined)
}

function namesIn(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text)
    // The fix is written as OLD=NEW.
    return typeof value === 'object' && value !== null ? Object.keys(value).filter((name) => !name.includes('=')) : []
  } catch {
    return []
  }
}

function simplified(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}
