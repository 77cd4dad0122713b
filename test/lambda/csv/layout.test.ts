import { describe, expect, test } from '@jest/globals'
import { findMappingFault, type ColumnMapping } from '../../../lambda/csv/columns.ts'
import { CSV_HEAD_BYTES, findCsv } from '../../../lambda/csv/layout.ts'

const found = (file: string | Buffer, isComplete = true, mapping?: ColumnMapping): string => {
  const search = findCsv(Buffer.from(file), isComplete, mapping)
  return search.kind === 'refused' ? search.rejection.detail : search.kind
}

const MAPPING: ColumnMapping = { columns: { Email: '_p', When: '_t', Action: '_n' } }

describe('a file is CSV if its first row has names of Kissmetrics', () => {
  // prettier-ignore
  test.each<[string, string, string]>([
    //  the file                        content                                             is
    [ 'events',                         'Identity,Timestamp,Event\na,1,e\n',                'csv' ],
    [ 'names in quotes',                '"Identity","Timestamp","Event"\n',                 'csv' ],
    [ 'only the names',                 'Identity,Timestamp,Event',                         'csv' ],
    [ 'aliases',                        'Identity,Alias\n',                                 'csv' ],
    [ 'JSON lines',                     '{"Identity":"a","Timestamp":1}\n',                 'other' ],
    [ 'a list',                         '["Identity","Timestamp"]\n',                       'other' ],
    [ 'other names',                    'email,event\na,b\n',                               'other' ],
    [ 'no names',                       'a,1393344604,e\n',                                 'other' ],
    [ 'one word',                       'Identity\n',                                       'other' ],
    [ 'an empty file',                  '',                                                 'other' ],
    [ 'blank lines',                    '\n\n',                                             'other' ],
    [ 'a quote that is not closed',     '"Identity,Timestamp,Event\n',                      'other' ],
  ])('%s', (_what, file, kind) => {
    expect(found(file)).toBe(kind)
  })

  test('bytes that are not UTF-8', () => {
    expect(found(Buffer.from('Identity,Timestamp,Prop:caf\xe9\n', 'latin1'))).toBe('other')
  })
})

describe('a file is refused if its first row has a fault, with its place', () => {
  const refusal = (what: string): string =>
    `The columns of the CSV file are not those that Kissmetrics needs (${what}). Nothing was sent.${what.includes(convert) ? '' : ' Correct the file and import it again.'}`
  const convert = 'to convert it, run: npx km-import fix FILE --fix csv'
  // prettier-ignore
  test.each<[string, string, string]>([
    [ 'no person',             'Timestamp,Event\n',                     'row 1: the column Identity is missing' ],
    [ 'no time',               '\nIdentity,Event\n',                    'row 2: the column Timestamp is missing' ],
    [ 'aliases and events',    'Identity,Alias,Event\n',                'row 1: the column Timestamp is missing' ],
    [ 'nothing to import',     'Identity,Timestamp\n',                  'row 1: there is no column Event, Alias or Prop:, so there is nothing to import' ],
    [ 'an unknown name',       'Identity,Timestamp,Event,Plan\n',       'row 1: column 4 is "Plan", which is not a column of Kissmetrics; if it is a property, write Prop: in front of its name' ],
    [ 'a property, no name',   'Identity,Timestamp,Prop:\n',            'row 1: column 3 is "Prop:", without the name of a property' ],
    [ 'a name twice',          'Identity,Timestamp,Prop:a,Prop: a\n',   'row 1: the columns 3 and 4 are both "Prop: a"' ],
    [ 'semicolons',            'Identity;Timestamp;Event\n',            `the columns in row 1 are separated by semicolons instead of commas; ${convert}` ],
    [ 'tabs',                  'Identity\tTimestamp\tEvent\n',          `the columns in row 1 are separated by tabs instead of commas; ${convert}` ],
  ])('%s', (_what, file, what) => {
    expect(found(file)).toBe(refusal(what))
  })
})

describe('more bytes are needed until the first row has ended', () => {
  // prettier-ignore
  test.each<[string, string, string]>([
    [ 'part of it',                'Identity,Timest',                   'undecided' ],
    [ 'a CR, which LF may follow', 'Identity,Timestamp,Event\r',        'undecided' ],
    [ 'a byte order mark',         '\ufeff',                            'undecided' ],
    [ 'blank rows',                '\n,\n',                             'undecided' ],
    [ 'an open quote',             '"Identity,Timestamp\n',             'undecided' ],
    [ 'its end',                   'Identity,Timestamp,Event\n',        'csv' ],
    [ 'a brace',                   '{',                                 'other' ],
    [ 'another text',              'a,b\n',                             'other' ],
  ])('%s', (_what, head, kind) => {
    expect(found(head, false)).toBe(kind)
  })

  test('or there are 64 KiB', () => {
    expect(found('x'.repeat(CSV_HEAD_BYTES - 1), false)).toBe('undecided')
    expect(found('x'.repeat(CSV_HEAD_BYTES), false)).toBe('other')
    expect(found(`Identity,Timestamp,Prop:${'x'.repeat(CSV_HEAD_BYTES)}\n`, true)).toBe('other')
  })
})

describe('with a mapping', () => {
  const columns = (file: string, mapping: ColumnMapping): unknown => {
    const search = findCsv(Buffer.from(file), true, mapping)
    return search.kind === 'csv' ? search.layout.columns.map(({ target }) => target) : search.kind
  }

  test('columns become what it says; others are skipped, or become properties', () => {
    const file = 'When,Email,Action,Plan\n'
    expect(columns(file, MAPPING)).toEqual(['_t', '_p', '_n', undefined])
    expect(columns(file, { ...MAPPING, others: 'properties' })).toEqual(['_t', '_p', '_n', 'Plan'])
  })

  test('its separator is the one of the file', () => {
    expect(columns('When;Email;Action\n', { ...MAPPING, separator: ';' })).toEqual(['_t', '_p', '_n'])
  })

  test('a column that is missing is named', () => {
    expect(found('Email,Action\n', true, MAPPING)).toContain('row 1: the column "When" of the mapping is missing')
  })

  test('a file without any of its columns is not its file', () => {
    expect(found('a,b\n', true, MAPPING)).toBe('other')
  })
})

describe('a mapping that a person wrote', () => {
  // prettier-ignore
  test.each<[string, unknown, string | undefined]>([
    [ 'complete',              { columns: MAPPING.columns, others: 'skip', time: 'dates', timeZone: '+01:00', separator: '\t' }, undefined ],
    [ 'for aliases',           { columns: { a: '_p', b: '_p2' } },                        undefined ],
    [ 'a list',                [],                                                        'it is not a JSON object' ],
    [ 'an unknown member',     { columns: MAPPING.columns, tme: 'dates' },                '"tme" is not a member of a mapping' ],
    [ 'no columns',            { columns: {} },                                           '"columns" is empty' ],
    [ 'only a separator',      { separator: ';' },                                        undefined ],
    [ 'others alone',          { others: 'properties' },                                  '"others" needs "columns"' ],
    [ 'a column without name', { columns: { a: '_p', b: '' } },                           'each column must have a name' ],
    [ 'one name twice',        { columns: { a: '_p', b: '_p' } },                         'two columns become "_p"' ],
    [ 'no person',             { columns: { a: '_t' } },                                  'no column becomes "_p"' ],
    [ 'no time',               { columns: { a: '_p', b: '_n' } },                         'no column becomes "_t"' ],
    [ 'others',                { columns: MAPPING.columns, others: 'keep' },              '"others" must be' ],
    [ 'time',                  { columns: MAPPING.columns, time: 'iso' },                 '"time" must be one of' ],
    [ 'a zone with a name',    { columns: MAPPING.columns, timeZone: 'CET' },             '"timeZone" must be' ],
    [ 'a separator',           { columns: MAPPING.columns, separator: '::' },             '"separator" must be' ],
  ])('%s', (_what, value, fault) => {
    if (fault === undefined) expect(findMappingFault(value)).toBeUndefined()
    else expect(findMappingFault(value)).toContain(fault)
  })
})
