import { simpler, type Scenario } from './scenario.ts'
import { simulate } from './simulation.ts'

/** What a scenario breaks, or undefined where it keeps every promise. */
export async function violationOf(scenario: Scenario): Promise<string | undefined> {
  try {
    await simulate(scenario)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The smallest scenario found that still breaks a promise: something is taken away as long as one is broken without it. */
export async function shrink(failing: Scenario): Promise<Scenario> {
  for (;;) {
    const smaller = await firstThatFails(simpler(failing))
    if (smaller === undefined) return failing
    failing = smaller
  }
}

async function firstThatFails(scenarios: Iterable<Scenario>): Promise<Scenario | undefined> {
  for (const scenario of scenarios) if ((await violationOf(scenario)) !== undefined) return scenario
  return undefined
}
