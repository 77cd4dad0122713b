/**
 * npm run chaos: a large import in real processes. The importer is killed again and again; an independent checker verifies the result.
 *
 * S3, SQS and a failing Kissmetrics endpoint keep running. The importer is killed by SIGKILL at its start, at work, and at its calls to
 * AWS. After the last kill it must finish. check.ts lists the rules.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { codeOf } from '../../../lambda/errors.ts'
import { Interruption } from '../../../cli/terminal/interruption.ts'
import { readOptions, type Options } from './options.ts'
import { ChaosRun } from './chaos-run.ts'

async function run(options: Options, folder: string, interrupted: AbortSignal): Promise<number> {
  await using chaos = await ChaosRun.start(options, folder)
  const end = async (): Promise<number> => {
    await chaos.uploadFiles()
    await chaos.killRepeatedly()
    await chaos.finish()
    await chaos.writeEvidence()
    return await checked(folder)
  }
  return await Promise.race([end(), once(interrupted, 'abort').then(() => 130)])
}

/** Runs the checker in a separate process that sees only the evidence. */
async function checked(folder: string): Promise<number> {
  process.stderr.write('checking…\n')
  const checker = spawn(process.execPath, [path.join(import.meta.dirname, 'check.ts'), folder], { stdio: 'inherit' })
  const [code] = (await once(checker, 'close')) as [number | null]
  return code ?? 1
}

const options = readOptions(process.argv.slice(2))
if (options.evidence !== undefined) await mkdir(options.evidence, { recursive: true })
const folder = options.evidence ?? (await mkdtemp(path.join(tmpdir(), 'km-chaos-')))
process.stderr.write(`chaos: --seed ${options.seed} --lines ${options.lines} --kills ${options.kills}\n`)
using interruption = new Interruption()
let code = 1
try {
  code = await run(options, folder, interruption.signal)
} catch (error) {
  console.error(`The run failed: ${error instanceof Error ? (error.stack ?? error.message) : codeOf(error)}`)
}
const isKept = options.keep || options.evidence !== undefined || code === 1
if (isKept) process.stderr.write(`evidence: ${folder}\n`)
else await rm(folder, { recursive: true, force: true })
process.exit(code)
