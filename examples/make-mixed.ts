/**
 * Generates mixed-50000.jsonl.gz: 50,000 lines as a shop might export them. About one in a hundred breaks a rule. The result is always the
 * same file.
 *
 *     node examples/make-mixed.ts [FILE]
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

const LINES = 50_000
const SEED = 20_140_225
const START = Date.UTC(2014, 1, 25) / 1000
const PEOPLE = 4_000

/** Repeatable random numbers: the mulberry32 generator. */
function chanceFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const chance = chanceFrom(SEED)
const upTo = (count: number): number => Math.floor(chance() * count)

function oneOf<Item>(items: readonly Item[]): Item {
  const item = items[upTo(items.length)]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}

const NAMES = [
  'anna',
  'björn',
  'chloé',
  'dmitri',
  'émile',
  'fatima',
  'grace',
  '花子',
  'ivan',
  'josé',
  'krzysztof',
  'ludovic',
] as const
const EVENTS = [
  'visited site',
  'viewed product',
  'added to cart',
  'signed up',
  'logged in',
  'searched site',
  'bought',
  'gave feedback',
] as const
const PLANS = ['free', 'basic', 'pro', 'Größe XL', '無料'] as const
const CITIES = ['Paris', 'Montréal', '東京', 'São Paulo', 'Zürich', 'Reykjavík', 'Łódź', 'New York, NY'] as const
const SEARCHES = ['red shoes', '50% off & more', 'größe 44', 'c++ book', 'a=b?', '🎁 for mum'] as const

const personOf = (number: number): string => `${NAMES[number % NAMES.length] ?? 'nobody'}.${number}@example.com`

type Members = Record<string, unknown>

/** An event with its properties. */
function record(_p: string, _t: number): Members {
  const _n = oneOf(EVENTS)
  switch (_n) {
    case 'visited site':
      return {
        _p,
        _t,
        _n,
        url: `https://www.example.com/${oneOf(['', 'shoes', 'sale?from=mail', 'about'])}`,
        'new visitor': chance() < 0.3,
      }
    case 'viewed product':
    case 'added to cart':
      return { _n, _p, _t, sku: `SKU-${upTo(500)}`, price: (upTo(20_000) + 99) / 100 }
    case 'searched site':
      return { _p, _n, 'Search Term': oneOf(SEARCHES), _t }
    case 'bought':
      return {
        _p,
        _t,
        _n,
        'Billing Amount': (upTo(50_000) + 500) / 100,
        currency: oneOf(['EUR', 'USD', 'JPY']),
        items: upTo(9) + 1,
      }
    case 'signed up':
    case 'logged in':
    case 'gave feedback':
      return { _p, _t, _n }
  }
}

function set(_p: string, _t: number): Members {
  return { _p, _t, plan: oneOf(PLANS), city: oneOf(CITIES), age: upTo(60) + 18 }
}

/** A line that breaks a rule. All ways to break one are equally likely. */
function broken(_p: string, _t: number): string {
  const right = JSON.stringify({ _p, _t, _n: 'visited site' })
  const ways: readonly (() => string)[] = [
    () => `${right},`,
    () => right.slice(0, -1 - upTo(20)),
    () => right.replaceAll('"', "'"),
    () => `[${right}]`,
    () => right.replace('"_n"', '"_p"'),
    () => JSON.stringify({ _p, _t, _n: 'visited site', _k: 'a key' }),
    () => JSON.stringify({ _p: '', _t, _n: 'visited site' }),
    () => JSON.stringify({ _p: true, _t, _n: 'visited site' }),
    () => JSON.stringify({ _p, _n: 'visited site' }),
    () => JSON.stringify({ _p, _t: new Date(_t * 1000).toISOString(), _n: 'visited site' }),
    () => JSON.stringify({ _p, _t: _t * 1000, _n: 'visited site' }),
    () => JSON.stringify({ _p, _t: upTo(1_230_768_000), _n: 'visited site' }),
    () => JSON.stringify({ _p, _t, _n: ['visited site'] }),
    () => JSON.stringify({ _p, _t, _p2: _p }),
    () => JSON.stringify({ _p, _t, _p2: 0.5 }),
    () => JSON.stringify({ _p, _t, '': 'pro' }),
    () => JSON.stringify({ _p, _t, cart: [{ sku: `SKU-${upTo(500)}` }] }),
    () => JSON.stringify({ _p, _t, plan: null }),
    () => JSON.stringify({ _p, _t, _n: 'gave feedback', text: 'thanks \ud83d' }),
  ]
  return oneOf(ways)()
}

function lineAt(_t: number): string {
  const _p = personOf(upTo(PEOPLE))
  const kind = chance()
  if (kind < 0.01) return broken(_p, _t)
  if (kind < 0.015) return ''
  if (kind < 0.04) return JSON.stringify({ _p, _t, _p2: `customer ${upTo(1_000_000)}` })
  if (kind < 0.05) return JSON.stringify({ ...record(_p, _t), _p2: `customer ${upTo(1_000_000)}` })
  return JSON.stringify(kind < 0.2 ? set(_p, _t) : record(_p, _t))
}

const lines: string[] = []
for (let time = START; lines.length < LINES; time += 1 + upTo(600)) lines.push(lineAt(time)) // no two lines have the same second, so that Kissmetrics counts each of them
const file = process.argv[2] ?? path.join(import.meta.dirname, 'mixed-50000.jsonl.gz')
writeFileSync(file, gzipSync(`${lines.join('\n')}\n`, { level: 9 }))
