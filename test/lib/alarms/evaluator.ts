/** The state of a CloudWatch alarm. */
export type State = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'

export type Treatment = 'missing' | 'ignore' | 'breaching' | 'notBreaching'

/** A period as an alarm sees it. */
export type Datapoint = 'breaching' | 'not breaching' | 'missing'

export interface Rule {
  /** Datapoints to alarm. */
  readonly m: number
  /** Evaluation periods. */
  readonly n: number
  readonly treatment: Treatment
}

/**
 * The state of an alarm after one evaluation.
 *
 * @param range the datapoints that CloudWatch retrieves, oldest first: at least as many as there are evaluation periods
 * @param before the state until now
 * @see "Configuring how CloudWatch alarms treat missing data", Amazon CloudWatch User Guide
 */
export function evaluate(range: readonly Datapoint[], { m, n, treatment }: Rule, before: State): State {
  const real = range.filter((each) => each !== 'missing')
  if (real.length >= n) return breachingIn(real.slice(-n)) >= m ? 'ALARM' : 'OK'
  // Real datapoints are all used, also those from before the evaluation periods. Only as many as are lacking are filled in.
  const breaching = breachingIn(real)
  if (breaching >= m) return 'ALARM'
  switch (treatment) {
    case 'notBreaching':
      return 'OK'
    case 'breaching':
      return breaching + n - real.length >= m ? 'ALARM' : 'OK'
    case 'ignore':
      return real.includes('not breaching') ? 'OK' : before
    case 'missing':
      if (real.length === 0) return 'INSUFFICIENT_DATA'
      if (real.includes('not breaching')) return 'OK'
      return range.length - range.indexOf('breaching') >= m ? 'ALARM' : before
  }
}

function breachingIn(datapoints: readonly Datapoint[]): number {
  return datapoints.filter((each) => each === 'breaching').length
}
