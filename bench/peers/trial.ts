import { createReadStream } from 'node:fs'
import { copyFile, mkdtemp } from 'node:fs/promises'
import path from 'node:path'
import { bundled } from '../bundled.ts'
import type { Figures } from '../measure.ts'
import { Cloud, type Uploaded } from '../cloud.ts'
import type { Contender } from './contenders.ts'
import { writeInput } from './input.ts'
import type { Job } from './job.ts'
import { runProgram, type Ending, type Program } from './run-program.ts'
import { Sink, type Plan, type Received } from './sink.ts'

/** What goes wrong while a file is imported. */
export type Scenario = 'clean' | 'busy' | 'error' | 'reset' | 'killed' | 'bad lines'

export interface Trial extends Received {
  /** Of a run that ended well. */
  readonly figures?: Figures & { readonly rejected?: number }
  readonly ending: Ending['kind']
  /** How often the program was started. */
  readonly starts: number
  readonly reason?: string
}

/** What Lambda does with an event whose invocation failed: two more tries. */
const MAX_STARTS = 3

export interface LabOptions {
  /** For files that are deleted afterwards. */
  readonly folder: string
  readonly packages: string
  readonly inFlight: number
}

/** Runs contenders, one process at a time, against the same sink. */
export class Lab implements AsyncDisposable {
  readonly #options: LabOptions
  readonly #sink: Sink
  #cloud: Promise<Cloud> | undefined
  readonly #files = new Map<string, Promise<string>>()
  readonly #bundles = new Map<string, Promise<string>>()

  private constructor(options: LabOptions, sink: Sink) {
    this.#options = options
    this.#sink = sink
  }

  static async open(options: LabOptions): Promise<Lab> {
    return new Lab(options, await Sink.start())
  }

  async run(contender: Contender, scenario: Scenario, lines: number): Promise<Trial> {
    const plan = planOf(scenario, lines)
    await this.#sink.prepare(plan)
    const { program, uploaded } = await this.#prepare(contender, plan)
    let starts = 0
    let isToKill = scenario === 'killed'
    let ending: Ending
    for (;;) {
      const untilKill = isToKill ? (ended: AbortSignal) => this.#sink.half(ended) : undefined
      ending = await runProgram(program, untilKill)
      starts += 1
      if (ending.kind === 'killed') {
        isToKill = false
        if (uploaded !== undefined) (await this.#cloud)?.passHiddenTime()
        continue
      }
      if (ending.kind !== 'failed' || starts >= MAX_STARTS) break
    }
    return {
      ...(await this.#sink.collect()),
      ending: ending.kind,
      starts,
      ...(ending.kind === 'done' && { figures: ending.figures }),
      ...(ending.kind === 'failed' && { reason: ending.reason }),
    }
  }

  async #prepare(contender: Contender, plan: Plan): Promise<{ program: Program; uploaded: Uploaded | undefined }> {
    const { folder, packages, inFlight } = this.#options
    // A copy, because `km-import send` writes its report beside the file.
    const file = path.join(await mkdtemp(path.join(folder, 'run-')), 'events.jsonl')
    await copyFile(await this.#input(contender, plan), file)
    const job: Job = { file, sink: this.#sink.url, inFlight, packages }
    const uploaded = contender.isFunction === true ? await this.#upload(file) : undefined
    const source =
      uploaded === undefined ? path.join(import.meta.dirname, contender.program) : await this.#bundle(contender.program)
    const queueUrl = uploaded === undefined ? [] : [uploaded.queueUrl]
    return {
      uploaded,
      program: {
        args: [source, JSON.stringify(job), ...(contender.args ?? []), ...queueUrl],
        env: uploaded?.env ?? {},
        nodeFlags: contender.nodeFlags ?? [],
      },
    }
  }

  async #upload(file: string): Promise<Uploaded> {
    const cloud = await (this.#cloud ??= Cloud.start(this.#options.folder))
    const uploaded = await cloud.upload(createReadStream(file), this.#sink.url, this.#options.inFlight)
    await cloud.queueEvent(uploaded)
    return uploaded
  }

  #bundle(program: string): Promise<string> {
    return once(this.#bundles, program, () => bundled(path.join('peers', program), this.#options.folder))
  }

  #input({ form }: Contender, { lines, hasBad }: Plan): Promise<string> {
    const file = path.join(this.#options.folder, `${form}-${lines}${hasBad ? '-bad' : ''}.jsonl`)
    return once(this.#files, file, async () => {
      await writeInput(file, { lines, form, hasBad })
      return file
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink[Symbol.asyncDispose]()
    await (await this.#cloud)?.[Symbol.asyncDispose]()
  }
}

function once<Value>(known: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>): Promise<Value> {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}

function planOf(scenario: Scenario, lines: number): Plan {
  const fault = scenario === 'busy' || scenario === 'error' || scenario === 'reset' ? scenario : 'none'
  return { fault, lines, hasBad: scenario === 'bad lines' }
}
