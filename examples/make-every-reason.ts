/**
 * Generates every-reason.jsonl: at least one line for each reason for rejecting a line, and some valid lines.
 *
 *     node examples/make-every-reason.ts [FILE]
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'

const PERSON = 'person@mail.com'
const TIME = 1_393_344_604
const YEAR_2100 = 4_102_444_800

const long = (length: number): string => 'x'.repeat(length)

/** A valid line with some changes. A name with the value undefined is removed. */
const line = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ _p: PERSON, _t: TIME, _n: 'visited site', ...changes })

const LINES: readonly (string | Uint8Array)[] = [
  line(),
  line({ _n: 'signed up', plan: 'pro', seats: 3, trial: false }),
  '',
  line({ _n: undefined, city: 'Montréal', Größe: '名 🎉' }),
  line({ _n: undefined, _p2: 'chuck@mail.com' }),
  // Each of these has one error: several times invalid_json, then one line per reason.
  `${line().slice(0, -1)},}`,
  `${line()},`,
  `{'_p':'${PERSON}','_t':${TIME},'_n':'visited site'}`,
  `{"_p":"${PERSON}","_t":${TIME},"_n":"visited site","city":"Montr\\303\\251al"}`,
  line().slice(0, -20),
  `[${line()}]`,
  Buffer.from(line({ city: 'Montréal' }), 'latin1'),
  line({ page: long(262_144) }),
  `{"_p":"${PERSON}","_t":${TIME},"_n":"bought","price":19,"price":29}`,
  line({ _k: '0123456789abcdef0123456789abcdef01234567' }),
  line({ _p: undefined }),
  line({ _p: { id: 1 } }),
  line({ _t: undefined }),
  line({ _t: '2014-02-25T16:10:04Z' }),
  line({ _t: TIME * 1000 }),
  line({ _t: 1_230_767_999 }),
  line({ _t: YEAR_2100 }),
  line({ _n: '' }),
  line({ _p2: '' }),
  line({ _p2: PERSON }),
  line({ '': 'pro' }),
  `{"_p":"${PERSON}","_t":${TIME},"_n":"visited site","reach":1e999}`,
  line({ address: { city: 'Paris', zip: '75001' } }),
  line({ note: long(8_193) }),
  line({ note: 'congratulations \ud83c' }),
  line({ _n: undefined, plan: null }),
  line(Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`note ${index + 1}`, long(8_000)]))),
  '   ',
  // These are sent, some of them without a skipped property, or with a number of twenty digits.
  line({ _t: TIME + 1, plan: null, referrer: '' }),
  line({ _t: TIME + 2, _c: 'mobile_app', _server_timestamp: TIME + 3, _d: 1 }),
  `{"_p":"${PERSON}","_t":"${TIME + 3}","order":12345678901234567890}`,
  line({ _t: TIME + 4, _n: 'returned' }),
]

const file = process.argv[2] ?? path.join(import.meta.dirname, 'every-reason.jsonl')
writeFileSync(file, Buffer.concat(LINES.flatMap((each) => [Buffer.from(each), Buffer.from('\n')])))
