import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { URL as OtherURL } from 'whatwg-url'
import type { Command } from '../../../lambda/parse/command.ts'
import { toRequest, type Request } from '../../../lambda/parse/request.ts'
import { KEY, lineWith, outcomeOf, parsed, readBy, rejectionOf, requestsOf } from './outcome.ts'
import { anyText } from '../../support/any-text.ts'

const READERS = [
  ['Node', URL],
  ['whatwg-url', OtherURL as unknown as typeof URL],
] as const

const START = `/s?_k=${KEY}&_p=bob&_t=1393344604&_d=1&a=`.length

describe('a query of up to 2,048 bytes is sent as GET', () => {
  // prettier-ignore
  test.each([
    //  bytes      method
    [ 2_047,       'GET' ],
    [ 2_048,       'GET' ],
    [ 2_049,       'POST' ],
    [ 8_000,       'POST' ],
  ])('%d: %s', (bytes, method) => {
    const value = 'x'.repeat(bytes - START + '/s?'.length)
    const [request] = requestsOf(`{"_p":"bob","_t":1393344604,"a":"${value}"}`)
    const query = `_k=${KEY}&_p=bob&_t=1393344604&_d=1&a=${value}`
    expect(query).toHaveLength(bytes)
    expect(request).toEqual(method === 'GET' ? { method, path: `/s?${query}` } : { method, path: '/s', body: query })
  })

  test('the limit counts encoded bytes', () => {
    expect(requestsOf(lineWith({ a: '名'.repeat(225) }))[0]?.method).toBe('POST')
  })
})

describe('a form of up to 65,536 bytes is sent', () => {
  const formOf = (bytes: number): string => {
    const names = Array.from({ length: 8 }, (_, index) => `n${index}`)
    const start = `_k=${KEY}&_p=bob&_t=1393344604&_d=1`.length + names.length * '&n0='.length
    const each = Math.floor((bytes - start) / names.length)
    const values = names.map(
      (name, index) => [name, 'x'.repeat(index === 0 ? bytes - start - each * (names.length - 1) : each)] as const,
    )
    return JSON.stringify({ _p: 'bob', _t: 1_393_344_604, ...Object.fromEntries(values) })
  }

  test.each([
    [65_536, 'ok'],
    [65_537, 'request_too_large'],
  ])('%d: %s', (bytes, outcome) => {
    expect(outcomeOf(formOf(bytes))).toBe(outcome)
  })

  test('the limit counts the bytes of the body', () => {
    expect(requestsOf(formOf(65_536))[0]?.body).toHaveLength(65_536)
    expect(rejectionOf(formOf(65_537)).detail).toContain('it has 65537 bytes')
  })

  test('a line is rejected if one of its commands is too large', () => {
    const line = JSON.stringify({ ...(JSON.parse(formOf(65_537)) as object), _p2: 'rob' })
    expect(outcomeOf(line)).toBe('request_too_large')
  })
})

describe('an endpoint reads exactly what the line says', () => {
  const text = anyText({ minLength: 1, maxLength: 40 })
  const time = fc.integer({ min: 1_230_768_000, max: 4_000_000_000 })
  const properties = fc.array(fc.tuple(text, text), { maxLength: 5 })
  const command: fc.Arbitrary<Command> = fc.oneof(
    fc.record({ kind: fc.constant('record' as const), person: text, event: text, time, properties }),
    fc.record({ kind: fc.constant('set' as const), person: text, time, properties }),
    fc.record({ kind: fc.constant('alias' as const), person: text, other: text, time }),
  )

  const expectedOf = (key: string, sent: Command): [string, string][] => [
    ['_k', key],
    ['_p', sent.person],
    ...(sent.kind === 'record' ? [['_n', sent.event] as [string, string]] : []),
    ...(sent.kind === 'alias' ? [['_n', sent.other] as [string, string]] : []),
    ['_t', String(sent.time)],
    ['_d', '1'],
    ...(sent.kind === 'alias' ? [] : sent.properties.map(([name, value]): [string, string] => [name, value])),
  ]

  test.each(READERS)('with the URL parser of %s', (_name, Reader) => {
    fc.assert(
      fc.property(command, text, (sent, key) => {
        const request = toRequest(sent, key)
        if ('kind' in request) throw new Error('too large')
        expect(readBy(Reader, request)).toEqual({
          host: 'trk.kissmetrics.io',
          path: { record: '/e', set: '/s', alias: '/a' }[sent.kind],
          parameters: expectedOf(key, sent),
        })
      }),
      { numRuns: 500 },
    )
  })

  test('only letters, digits and -._~ are sent unescaped', () => {
    fc.assert(
      fc.property(command, (sent) => {
        const { path, body } = toRequest(sent, KEY) as Request
        expect(body ?? path.slice('/e?'.length)).toMatch(/^([A-Za-z0-9\-._~]|%[0-9A-F]{2}|[=&])+$/)
      }),
    )
  })

  test('every ASCII character', () => {
    const all = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))
    const plain = all.filter((character) => requestsOf(lineWith({ a: character }))[0]?.path.endsWith(`&a=${character}`))
    expect(plain.join('')).toBe('-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~')
    expect(requestsOf(lineWith({ a: "é!'()*é" }))[0]?.path).toMatch(/&a=%C3%A9%21%27%28%29%2A%C3%A9$/)
    expect(requestsOf(lineWith({ a: "!'()*\n\u0000 é!" }))[0]?.path).toMatch(/&a=%21%27%28%29%2A%0A%00%20%C3%A9%21$/)
  })
})

test('the same line makes the same bytes, however many other lines come between', () => {
  const line = lineWith({ 'Plan Name': 'Pro & more' })
  const first = requestsOf(line)
  // More names than the cache holds, so that the first ones are encoded again.
  for (let number = 0; number < 2_500; number += 1) {
    expect(requestsOf(lineWith({ [`name ${number}`]: 1 }))[0]?.path).toMatch(new RegExp(`&name%20${number}=1$`))
  }
  expect(requestsOf(line)).toEqual(first)
})

test('the key is sent encoded, and is not cached', () => {
  const [command] = parsed(lineWith({})).commands
  const paths = ['a&b', 'a', 'a&b'].map((key) => (toRequest(command!, key) as Request).path)
  expect(paths.map((path) => path.slice(0, path.indexOf('&')))).toEqual(['/e?_k=a%26b', '/e?_k=a', '/e?_k=a%26b'])
})
