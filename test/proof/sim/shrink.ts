import { simpler, type Scenario } from './scenario.ts'
import { simulate } from './simulation.ts'

/** The promise that a scenario breaks, or undefined if it keeps every promise. */
export async function violationOf(scenario: Scenario): Promise<string | undefined> {
  try {
    await simulate(scenario)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Simplifies a failing scenario step by step while it still breaks a promise. */
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
