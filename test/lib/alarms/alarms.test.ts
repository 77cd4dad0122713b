import { afterAll, describe, expect, test } from '@jest/globals'
import { Deployed } from '../deployed.ts'
import { HOUR_MS, Installation } from './installation.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'
import { alarmsOf, type Red, type TemplateAlarm } from './template-alarms.ts'

const MINUTE_MS = 60_000

const alarms = alarmsOf(new Deployed())
const withIdleAlarm = alarmsOf(new Deployed({ alarmIdleDays: 3 }))

const table: string[] = []
afterAll(() => {
  console.log(table.join('\n'))
})

/** Alarm → when it was red, in milliseconds since the start. */
type Course = Readonly<Record<string, readonly Red[]>>

function courseOf(
  used: readonly TemplateAlarm[],
  { recorded, start }: Installation,
  days: number,
  retrievedMore: number,
): Course {
  return Object.fromEntries(
    used.map((alarm) => {
      const reds = alarm.redTimes(recorded, start, start + days * 24 * HOUR_MS, retrievedMore)
      return [alarm.name, reds.map(({ from, to }) => ({ from: from - start, to: to === undefined ? undefined : to - start }))]
    }),
  )
}

async function live({ days, script }: Scenario): Promise<Installation> {
  const installation = new Installation()
  await installation.run(days, script(installation))
  return installation
}

describe('each alarm is red while it should be, and green again when it is over', () => {
  test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', async (name, scenario) => {
    const installation = await live(scenario)
    const used = scenario.settings === undefined ? alarms : withIdleAlarm
    // AWS does not say how many datapoints an alarm retrieves: the result must not depend on it.
    for (const retrievedMore of [0, 2, 5]) {
      const course = courseOf(used, installation, scenario.days, retrievedMore)
      if (retrievedMore === 2) table.push(...rowsOf(name, course))
      expect(problemsOf(course, scenario)).toEqual([])
    }
  })
})

/** What is not as the scenario says. */
function problemsOf(course: Course, { red }: Scenario): string[] {
  return Object.entries(course).flatMap(([name, reds]) => {
    const expected = red[name] ?? []
    if (reds.length !== expected.length) return [`${name} was red ${reds.length} times: ${reds.map(shown).join(', ')}`]
    return reds.flatMap((each, index) => {
      const { from, to, lateMinutes, lingersMinutes } = expected[index]!
      const isOnTime = each.from >= from * HOUR_MS - 30 * MINUTE_MS && each.from <= from * HOUR_MS + lateMinutes * MINUTE_MS
      const isOver = each.to !== undefined && each.to >= to * HOUR_MS && each.to <= to * HOUR_MS + lingersMinutes * MINUTE_MS
      return isOnTime && isOver ? [] : [`${name} was red ${shown(each)}`]
    })
  })
}

function rowsOf(scenario: string, course: Course): string[] {
  const names = Object.keys(course)
  const never = names.filter((name) => course[name]!.length === 0)
  return [
    scenario,
    ...names
      .filter((name) => course[name]!.length > 0)
      .map((name) => `  ${name.padEnd(24)}red ${course[name]!.map(shown).join(', ')}`),
    `  never red: ${never.length === names.length ? 'all' : never.join(', ')}`,
  ]
}

function shown({ from, to }: Red): string {
  return `${hour(from)} to ${to === undefined ? 'the end' : hour(to)}`
}

/** As day and time of day. */
function hour(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS)
  const two = (value: number) => String(value).padStart(2, '0')
  return `day ${Math.floor(minutes / 1_440) + 1} ${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`
}
