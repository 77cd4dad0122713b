import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { readLine, sentForm } from '../../../lambda/parse/changed-line.ts'
import { parseLine } from '../../../lambda/parse/line.ts'
import { readFix } from '../../../lambda/rules/fix.ts'
import { sha256 } from '../../../lambda/rules/fixes/sha256.ts'
import { KINDS, type Kind } from '../../../lambda/rules/kinds.ts'
import { lineChanges } from '../../../lambda/rules/line-changes.ts'
import { linesOf } from '../../../lambda/rules/lines-of.ts'
import { readRules } from '../../../lambda/rules/rule-set.ts'
import type { Rule } from '../../../lambda/rules/rule.ts'

const LATEST = { latestTime: 2_000_000_000 }

const kinds: readonly Kind[] = Object.values(KINDS)

function rulesOf(...fixes: readonly (string | Rule)[]) {
  const changes = lineChanges(fixes.map((rule) => (typeof rule === 'string' ? { fix: rule } : rule)))
  return { ...LATEST, ...(changes !== undefined && { changes }) }
}

const all = (fix: string): Rule => ({ fix, lines: 'all' })

describe('the new kinds change what they are for, and nothing else', () => {
  // prettier-ignore
  test.each([
    // fix                  a line                                          fixed
    ['flatten',             '{"a":{"b":1,"c":{"d":"x"}},"e":1.0}',          '{"a.b":1,"a.c.d":"x","e":1.0}'],
    ['flatten',             '{"a":{"b":1},"a.b":2}',                        '{"a":{"b":1},"a.b":2}'],
    ['flatten',             '{"_t":{"$date":1},"a":{}}',                    '{"_t":{"$date":1}}'],
    ['flatten',             '{"a":{"b":[{"c":1}]}}',                        '{"a.b":[{"c":1}]}'],
    ['flatten',             `{"a":${'{"a":'.repeat(30)}1${'}'.repeat(31)}`, `{"a":${'{"a":'.repeat(30)}1${'}'.repeat(31)}`],
    ['join',                '{"a":["x, y",1.50,true],"b":[]}',              '{"a":"x, y, 1.50, true","b":""}'],
    ['join',                '{"a":[1,[2]],"b":[{"c":1}],"d":[null]}',       '{"a":[1,[2]],"b":[{"c":1}],"d":[null]}'],
    ['join',                '{"a":["\\"","]"]}',                            '{"a":"\\", ]"}'],
    ['default:plan=a=b',    '{"_p":"a"}',                                   '{"_p":"a","plan":"a=b"}'],
    ['default:plan=Free',   '{ }',                                          '{ "plan":"Free"}'],
    ['default:plan=Free',   '{"plan":null}',                                '{"plan":null}'],
    ['number:a',            '{"a":"$1,299.50","b":"1,299"}',                '{"a":1299.50,"b":"1,299"}'],
    ['number:a',            '{"a":" -12 "}',                                '{"a":-12}'],
    ['number:a',            '{"a":"007"}',                                  '{"a":"007"}'],
    ['number:a',            '{"a":"1,29"}',                                 '{"a":"1,29"}'],
    ['number:a',            '{"a":"1.299,50"}',                             '{"a":"1.299,50"}'],
    ['hash:a',              '{"a":12.0}',                                   `{"a":"${sha256('12.0')}"}`],
    ['hash:a',              '{"a":null,"b":"x"}',                           '{"a":null,"b":"x"}'],
  ])('%s: %s', (name, line, fixed) => {
    expect(readFix(name).apply(line)).toBe(fixed)
    expect(readFix(name).apply(fixed)).toBe(fixed)
  })

  test('SHA-256 is that of Node', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'))
      }),
    )
  })
})

describe('every kind', () => {
  test.each(kinds)('$usage does what its example says', ({ example: { fix, before, after }, reach }) => {
    const [rule] = readRules([{ fix }]) as Exclude<ReturnType<typeof readRules>, string>
    expect(rule?.isForAll).toBe(reach === 'all')
    const { effect } = rule!
    if (effect.kind === 'filter') expect([effect.skips(before), after]).toEqual([true, undefined])
    else expect(effect.apply(before)).toBe(after)
  })
})

/** Lines as they are met: valid, damaged, wrapped, or anything. */
const lines = fc.oneof(
  fc
    .record({
      _p: fc.constantFrom('ann', ' bob ', 7),
      _t: fc.constantFrom(1_393_344_604, 1_393_344_604_000, '2014-02-25T16:10:04Z', null),
      _n: fc.constantFrom('Signed up', undefined, ' x'),
      plan: fc.constantFrom('Pro', '1,200', ['a', 1], { a: { b: 1 } }, undefined),
    })
    .map((object) => JSON.stringify(object)),
  fc.constantFrom(...kinds.map(({ example }) => example.before)),
  fc.json(),
  fc.string(),
)

const rules = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom(...kinds.map(({ example: { fix } }): Rule => ({ fix }))),
    fc.constantFrom(all('rename:plan=Plan'), all('drop:plan'), all('trim'), all('default:source=export'), all('number:plan')),
  ),
  { maxLength: 5, selector: ({ fix }) => fix },
)

describe('rules', () => {
  const usable = rules.filter((chosen) => typeof readRules(chosen) !== 'string')

  test('never change a valid line, unless they say that they do', () => {
    fc.assert(
      fc.property(lines, usable, (text, chosen) => {
        const forInvalid = chosen.filter(({ fix, lines: reach }) => reach === undefined && !/^(?:hash|skip|keep):/.test(fix))
        const own = parseLine(text, LATEST)
        const read = readLine(text, rulesOf(...forInvalid))
        if (own.kind === 'parsed') expect(read).toEqual(own)
        else if (read.kind === 'rejection') expect(read).toEqual(own)
      }),
    )
  })

  test('give the same result every time, and change nothing more when their result is read again', () => {
    fc.assert(
      fc.property(lines, usable, (text, chosen) => {
        const changes = lineChanges(chosen)
        const once = changes?.invalid(text)
        expect(changes?.invalid(text)).toEqual(once)
        const every = once?.lines.map((line) => changes?.every?.(line)?.lines ?? [line]).flat()
        expect(every).toEqual(once?.lines)
      }),
    )
  })

  test('make a form of a line that is sent like the line itself, and is not changed again', () => {
    fc.assert(
      fc.property(lines, usable, (text, chosen) => {
        const withRules = rulesOf(...chosen)
        const read = readLine(text, withRules)
        const sent = sentForm(text, withRules)
        const commands = sent
          ?.map((line) => parseLine(line, LATEST))
          .flatMap((line) => (line.kind === 'parsed' ? line.commands : []))
        if (read.kind === 'rejection') expect(sent).toBeUndefined()
        else expect(commands).toEqual(read.kind === 'skipped' ? [] : read.commands)
      }),
    )
  })

  test('for all lines hold for every line that is delivered, also for one that a later rule had to unpack', () => {
    const hidden = rulesOf(all('drop:phone'), 'unpack', 'split-objects', 'octal')
    for (const text of [
      '{"_p":"a","_t":1393344604,"_n":"x","phone":"1"}',
      JSON.stringify('{"_p":"a","_t":1393344604,"_n":"x","phone":"1"}'),
      '{"_p":"a","_t":1393344604,"_n":"x","phone":"1"}{"_p":"b","_t":1393344604,"_n":"x","phone":"1"}',
      '{"_p":"a","_t":1393344604,"_n":"Montr\\303\\251al","phone":"1"}',
    ]) {
      const read = readLine(text, hidden)
      expect(read.kind).toBe('parsed')
      expect(JSON.stringify(read)).not.toContain('"phone",')
    }
  })
})

describe('a line', () => {
  const MS = '{"_p":"a","_t":1393344604000,"_n":"x"}'
  const FINE = '{"_p":"a","_t":1393344604,"_n":"x"}'

  test('that a rule fixes is the line that should have been written, and says which rule', () => {
    expect(readLine(MS, rulesOf('trim', 'ms-timestamps'))).toEqual({
      ...parseLine(FINE, LATEST),
      changedBy: ['ms-timestamps'],
      sentAs: [FINE],
    })
  })

  test('that no rule can fix is rejected for what is wrong with its own text', () => {
    const line = '{"_t":1393344604000,"a":{"b":1}}'
    expect(readLine(line, rulesOf('flatten', 'ms-timestamps', all('drop:a')))).toEqual(parseLine(line, LATEST))
    const nested = '{"_p":"a","_t":1393344604,"a":{"b":1},"c":{"d":1}}'
    expect(readLine(nested, rulesOf(all('drop:a')))).toEqual(parseLine(nested, LATEST))
  })

  test('that a rule makes invalid is rejected for that', () => {
    expect(readLine('{"_p":"a","_t":1393344604,"b":1}', rulesOf(all('drop:b')))).toMatchObject({ reason: 'nothing_to_import' })
  })

  test('that is several objects is delivered with all of them, or not at all', () => {
    expect(readLine(`${FINE}${FINE}`, rulesOf('split-objects'))).toMatchObject({ kind: 'parsed', commands: [{}, {}] })
    expect(readLine(`${FINE}${MS}`, rulesOf('split-objects'))).toMatchObject({ reason: 'invalid_json' })
    expect(readLine(`${FINE}${MS}`, rulesOf('split-objects', 'ms-timestamps'))).toMatchObject({
      changedBy: ['split-objects', 'ms-timestamps'],
    })
    expect(readLine(FINE.repeat(101), rulesOf('split-objects'))).toMatchObject({ reason: 'invalid_json' })
    expect(linesOf(readFix('split-objects').apply(FINE.repeat(100)))).toHaveLength(100)
  })

  // prettier-ignore
  test.each([
    [ 'skip:env=test', '{"env":"test"}',   'skipped' ],
    [ 'skip:env=test', '{"env":"live"}',   'rejection' ],
    [ 'skip:env=1',    '{"env":1}',        'skipped' ],
    [ 'skip:env=1',    '{"env":1.0}',      'rejection' ],
    [ 'skip:env=test', '{"env":["test"]}', 'rejection' ],
    [ 'skip:env=test', '{"env":"test"',    'rejection' ],
    [ 'keep:env=live', '{"env":"test"}',   'skipped' ],
    [ 'keep:env=live', '{}',               'skipped' ],
    [ 'keep:env=live', '{"env":"live"}',   'rejection' ],
    [ 'keep:env=live', 'not an object',    'rejection' ],
  ])('%s: %s is %s', (fix, text, kind) => {
    expect(readLine(text, rulesOf(fix)).kind).toBe(kind)
  })
})

describe('rules that cannot be used are refused with a sentence', () => {
  // prettier-ignore
  test.each<[readonly unknown[], string]>([
    [ ['ms-timestamps'],                               'A rule must be an object with "fix", for example { "fix": "ms-timestamps" }.' ],
    [ [{ fix: 'seconds' }],                            'There is no rule "seconds". To see all rules, run: npx km-import rules --help' ],
    [ [{ fix: 'rename:a' }],                           'There is no rule "rename:a": expected the old and the new name, for example rename:email=_p.' ],
    [ [{ fix: 'trim', lines: 'some' }],                'The rule "trim" has "lines" other than "all". Leave it out, or use "all".' ],
    [ [all('ms-timestamps')],                          'The rule "ms-timestamps" cannot be for all lines: it only changes lines that would be rejected, and never a valid one.' ],
    [ [all('drop:_p')],                                'The rule "drop:_p" would make every valid line invalid: each line needs _p.' ],
    [ [all('rename:_t=at')],                           'The rule "rename:_t=at" would make every valid line invalid: each line needs _t.' ],
    [ [{ fix: 'hash:_t' }],                            'The rule "hash:_t" would hide what happened, or when. Only identities and properties can be hashed.' ],
    [ [{ fix: 'trim' }, all('trim')],                  'The rules "trim" and "trim" contradict each other: they are the same.' ],
    [ [{ fix: 'dates:UTC' }, { fix: 'dates:+01:00' }], 'The rules "dates:UTC" and "dates:+01:00" contradict each other: a date without a time zone can have only one.' ],
    [ [{ fix: 'rename:a=b' }, { fix: 'rename:a=c' }],  'The rules "rename:a=b" and "rename:a=c" contradict each other: a property can have only one new name.' ],
    [ [{ fix: 'rename:a=b' }, { fix: 'rename:b=a' }],  'The rules "rename:a=b" and "rename:b=a" contradict each other: one undoes the other.' ],
    [ [{ fix: 'default:a=1' }, { fix: 'default:a=2' }], 'The rules "default:a=1" and "default:a=2" contradict each other: a property can have only one default.' ],
    [ [{ fix: 'skip:a=1' }, { fix: 'keep:a=1' }],      'The rules "skip:a=1" and "keep:a=1" contradict each other: no line is left.' ],
    [ [{ fix: 'keep:a=1' }, { fix: 'keep:a=2' }],      'The rules "keep:a=1" and "keep:a=2" contradict each other: no line is left.' ],
    [ [all('drop:a'), { fix: 'rename:a=b' }],          'The rules "drop:a" and "rename:a=b" contradict each other: "a" is removed before the second rule can use it.' ],
    [ [{ fix: 'default:a=1' }, { fix: 'drop:a' }],     'The rules "default:a=1" and "drop:a" contradict each other: "a" is removed in the end.' ],
    [ [{ fix: 'rename:b=a' }, { fix: 'drop:a' }],      'The rules "rename:b=a" and "drop:a" contradict each other: "a" is removed in the end.' ],
    [ Array<Rule>(51).fill({ fix: 'trim' }),           'There are 51 rules, and 50 are allowed.' ],
    [ [{ fix: `drop:${'a'.repeat(600)}` }],            'A rule has 605 characters, and 600 are allowed.' ],
  ])('%j', (chosen, sentence) => {
    expect(readRules(chosen)).toBe(sentence)
  })

  test.each([
    [[{ fix: 'rename:timestamp=_t' }, { fix: 'rename:ts=_t' }]],
    [[{ fix: 'drop:a' }, { fix: 'rename:a=b' }]],
    [[{ fix: 'dates' }, { fix: 'dates:UTC' }]],
    [[{ fix: 'skip:a=1' }, { fix: 'skip:a=2' }]],
    [[{ fix: 'hash:_p' }, { fix: 'ms-timestamps' }]],
  ])('%j can be used together', (chosen) => {
    expect(readRules(chosen)).toHaveLength(2)
  })
})
