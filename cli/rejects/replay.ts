import path from 'node:path'
import type { Rejection } from '../../lambda/reasons.ts'
import { fitted } from '../terminal/layout.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { counted, grouped, printable } from '../terminal/output.ts'
import { replayEdited, type ReplayResult } from './replay-edited.ts'
import { rejectionOfRow } from './validate.ts'
import type { Row } from './row.ts'
import { readRows } from './rows.ts'

export interface ReplayFlags extends DeploymentFlags {
  readonly yes: boolean
}

interface Validated {
  readonly ready: readonly { readonly id: string; readonly line: string }[]
  readonly rejected: readonly { readonly row: Row; readonly rejection: Rejection }[]
  /** Rows that are about a whole file. */
  readonly wholes: number
}

/**
 * Sends the mended lines of a pulled file: drops them, and takes their dead letters out of the queue.
 *
 * @throws SetupError where the file has a row that none can have; nothing was sent then
 */
export async function replay(file: string, flags: ReplayFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const deployment = await findDeployment(flags)
  const validated = validate(await readRows(file))
  const { ready, rejected, wholes } = validated
  process.stderr.write(outlook(file, validated))
  if (ready.length === 0) return rejected.length + wholes > 0 ? EXIT.someLinesLeft : EXIT.ok
  if (!(await confirm(`Send ${count(ready.length)} to Kissmetrics? What is sent cannot be taken back.`, flags))) return EXIT.ok
  const bad = new Set(rejected.map(({ row: { id } }) => id))
  const given = await replayEdited(deployment, path.basename(file), ready, (id) => bad.has(id), interruption.signal).catch(
    (error: unknown) => {
      if (interruption.happened) return undefined
      throw error
    },
  )
  if (given === undefined) return EXIT.interrupted
  process.stdout.write(told(given))
  return rejected.length + wholes + given.missing > 0 ? EXIT.someLinesLeft : EXIT.ok
}

function validate(rows: readonly Row[]): Validated {
  const ready: { id: string; line: string }[] = []
  const rejected: { row: Row; rejection: Rejection }[] = []
  let wholes = 0
  for (const row of rows) {
    const { id, line, isPatched } = row
    if (line === undefined) {
      wholes += 1
      continue
    }
    const rejection = rejectionOfRow(line, isPatched)
    if (rejection === undefined) ready.push({ id, line })
    else rejected.push({ row, rejection })
  }
  return { ready, rejected, wholes }
}

const MOST_SHOWN = 20

function outlook(file: string, { ready, rejected, wholes }: Validated): string {
  const rows = [`${printable(file)}: ${count(ready.length)} can be sent, ${grouped(rejected.length)} would come back again.`]
  for (const { row, rejection } of rejected.slice(0, MOST_SHOWN))
    rows.push(`  ${fitted(`line ${row.number}: ${rejection.reason}: ${rejection.detail}`, 78)}`)
  if (rejected.length > MOST_SHOWN) rows.push(`  and ${grouped(rejected.length - MOST_SHOWN)} more`)
  if (wholes > 0) rows.push(`  ${grouped(wholes)} about a whole file: mend that file, and drop it again`)
  return `${rows.join('\n')}\n`
}

/** What was done, and what to do next. */
export function told({ key, lines, storedBefore, missing }: ReplayResult): string {
  const rows: string[] = []
  if (key !== undefined) rows.push(`${count(lines)} dropped as ${key}`)
  if (storedBefore > 0)
    rows.push(`${count(storedBefore)} dropped by an earlier run of this replay; only their dead letters were left.`)
  if (missing > 0)
    rows.push(
      `${count(missing)} not sent: their dead letters are not there. They were replayed already, or another command holds them for a moment: try again in five minutes.`,
    )
  if (key !== undefined) rows.push(`See what becomes of it: km-import status ${key}`)
  return rows.length === 0 ? '' : `${rows.join('\n')}\n`
}

/** 1 line, 2 lines */
export function count(lines: number): string {
  return counted(lines, 'line')
}
