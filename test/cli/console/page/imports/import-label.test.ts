import { beforeEach, describe, expect, test } from '@jest/globals'
import type { Overview } from '../../../../../cli/console/api-types.ts'
import type { FileCheck } from '../../../../../cli/console/page/imports/check-file.ts'
import { canImport, importLabel } from '../../../../../cli/console/page/imports/import-label.ts'
import { overview } from '../../../../../cli/console/page/overview.ts'
import { importWarning, isTestMode } from '../../../../../cli/console/page/target-name.ts'
import { reject } from '../../../../../lambda/reasons.ts'

const CHECKED: FileCheck = {
  bytes: 90,
  bytesRead: 90,
  lines: 3,
  blank: 0,
  ready: 2,
  rejectedBy: [],
  warnings: [],
  extent: 'complete',
}
const KISSMETRICS = { endpointHost: 'trk.kissmetrics.io' }
const EMULATOR = { emulatorUrl: 'http://127.0.0.1:4566/', endpointHost: '127.0.0.1:4566' }

function sendTo(target: Overview['target']): void {
  overview.value = {
    deployment: 'this computer',
    target,
    waiting: { messages: 0, deadLetters: 0 },
    imports: [],
    newer: [],
    total: 0,
  }
}

beforeEach(() => {
  sendTo(KISSMETRICS)
})

describe('the button that imports a file, and the question that it asks, name', () => {
  // prettier-ignore
  test.each<[string, Overview['target'], Partial<FileCheck>, string]>([
    [ 'the lines that can be sent, and Kissmetrics', KISSMETRICS,                          {},                     'Import 2 lines to Kissmetrics' ],
    [ 'the emulator',                                EMULATOR,                             {},                     'Import 2 lines to the Kissmetrics emulator' ],
    [ 'another host',                                { endpointHost: 'proxy.example.com' }, {},                    'Import 2 lines to proxy.example.com' ],
    [ 'no number that was not counted',              KISSMETRICS,                          { extent: 'partial' },  'Import the file to Kissmetrics' ],
  ])('%s', (_what, target, check, label) => {
    sendTo(target)
    expect(importLabel({ ...CHECKED, ...check })).toBe(label)
  })
})

describe('there is a button only if something can be sent', () => {
  // prettier-ignore
  test.each<[string, FileCheck | undefined, boolean]>([
    [ 'some lines',                          CHECKED,                                                                true ],
    [ 'no line',                             { ...CHECKED, ready: 0 },                                               false ],
    [ 'no line among those that were read',  { ...CHECKED, ready: 0, extent: 'partial' },                            true ],
    [ 'a file that would be rejected',       { ...CHECKED, refusal: reject('unsupported_format'), extent: 'partial' }, false ],
    [ 'not checked yet',                     undefined,                                                              false ],
  ])('%s', (_what, check, expected) => {
    expect(canImport(check)).toBe(expected)
  })
})

// prettier-ignore
test.each<[string, Overview['target'], boolean, string]>([
  [ 'test mode says that nothing leaves this computer',   EMULATOR,     true,   'Nothing leaves this computer.' ],
  [ 'live mode says that imported data stays',            KISSMETRICS,  false,  'Imported data cannot be deleted.' ],
])('%s', (_what, target, isTest, warning) => {
  sendTo(target)
  expect([isTestMode.value, importWarning.value]).toEqual([isTest, warning])
})
