/**
 * npm run chaos: a large import in real processes, killed again and again, and a checker that knows nothing of it.
 *
 * S3, SQS and Kissmetrics live on, on bad terms; the importer dies by SIGKILL, at its start, at work, and at its calls to AWS. Then it is
 * left alone, and has to come to its end. What must hold is in check.ts.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { codeOf } from '../../../lambda/errors.ts'
import { Interruption } from '../../../cli/terminal/interruption.ts'
import { readOptions, type Options } from './options.ts'
import { Story } from './scenario.ts'

async function run(options: Options, folder: string, interrupted: AbortSignal): Promise<number> {
  await using story = await Story.begin(options, folder)
  const end = async (): Promise<number> => {
    await story.dropFiles()
    await story.killAgainAndAgain()
    await story.letItFinish()
    await story.writeEvidence()
    return await checked(folder)
  }
  return await Promise.race([end(), once(interrupted, 'abort').then(() => 130)])
}

/** In a process of its own, which sees the evidence and nothing else. */
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
const isWanted = options.keep || options.evidence !== undefined || code === 1
if (isWanted) process.stderr.write(`evidence: ${folder}\n`)
else await rm(folder, { recursive: true, force: true })
process.exit(code)
