import { describe, expect, test } from '@jest/globals'
import { evaluate, type Datapoint, type State, type Treatment } from './evaluator.ts'

const DATAPOINTS: Readonly<Record<string, Datapoint>> = { '0': 'not breaching', X: 'breaching', '-': 'missing' }
const rangeOf = (text: string) => text.split(' ').map((each) => DATAPOINTS[each]!)
const TREATMENTS: readonly Treatment[] = ['missing', 'ignore', 'breaching', 'notBreaching']
const KEEPS = 'keeps its state'

/** The tables of "Configuring how CloudWatch alarms treat missing data": five datapoints are retrieved for three evaluation periods. */
describe('AWS: an alarm with three evaluation periods', () => {
  // prettier-ignore
  test.each([
    //    datapoints    missing     ignore    breaching   notBreaching
    [ 3, '0 - X - X',   'OK',       'OK',     'OK',       'OK' ],
    [ 3, '- - - - 0',   'OK',       'OK',     'OK',       'OK' ],
    [ 3, '- - - - -',   'INSUFFICIENT_DATA', KEEPS, 'ALARM', 'OK' ],
    [ 3, '0 X X - X',   'ALARM',    'ALARM',  'ALARM',    'ALARM' ],
    [ 3, '- - X - -',   'ALARM',    KEEPS,    'ALARM',    'OK' ],
    [ 2, '0 - X - X',   'ALARM',    'ALARM',  'ALARM',    'ALARM' ],
    [ 2, '0 0 X 0 X',   'ALARM',    'ALARM',  'ALARM',    'ALARM' ],
    [ 2, '0 - X - -',   'OK',       'OK',     'ALARM',    'OK' ],
    [ 2, '- - - - 0',   'OK',       'OK',     'ALARM',    'OK' ],
    [ 2, '- - - X -',   'ALARM',    KEEPS,    'ALARM',    'OK' ],
    // "Avoiding premature transitions to alarm state": the next datapoint may be good.
    [ 3, '- - - - X',   KEEPS,      KEEPS,    'ALARM',    'OK' ],
    [ 3, '- - - X -',   KEEPS,      KEEPS,    'ALARM',    'OK' ],
    [ 3, '- - - X 0',   'OK',       'OK',     'OK',       'OK' ],
  ])('%d datapoints to alarm, %s', (m, datapoints, ...expected) => {
    for (const before of ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const) {
      const states = TREATMENTS.map((treatment) => evaluate(rangeOf(datapoints), { m, n: 3, treatment }, before))
      expect(states).toEqual(expected.map((state) => (state === KEEPS ? before : (state as State))))
    }
  })
})
