import { taskBody, type Segment, type Task } from '../intake/task.ts'
import type { OpenFile, Ports } from '../ports.ts'
import { splitSegments } from '../read/split.ts'
import type { Rule } from '../rules/rule.ts'
import type { Failure } from '../settle/checkpoint.ts'
import type { Lease } from '../settle/lease.ts'
import type { SplitPlan } from '../settle/split-plan.ts'
import { onAbort } from './on-abort.ts'

/**
 * Splits a file from where an earlier run stopped, and saves the plan every few seconds.
 *
 * Each segment is queued first and saved later. A crash in between queues it a second time, which does no harm; the other order could
 * lose it.
 */
export class Splitter {
  readonly #lease: Lease<SplitPlan>
  readonly #ports: Ports
  #plan: SplitPlan
  #savedAt: number

  constructor(lease: Lease<SplitPlan>, ports: Ports) {
    this.#lease = lease
    this.#ports = ports
    this.#plan = lease.state
    this.#savedAt = ports.clock.now()
  }

  get rules(): readonly Rule[] | undefined {
    return this.#plan.rules
  }

  /** Lines in the segments so far. */
  get lines(): number {
    const last = this.#plan.segments.at(-1)
    return last === undefined ? 0 : last.firstLine + last.lines - 1
  }

  /** Where the next segment begins. */
  get byteEnd(): number {
    return this.#plan.segments.at(-1)?.byteEnd ?? 0
  }

  /**
   * Queues a task for each remaining segment.
   *
   * @param opened the file, from `byteEnd` on
   * @throws the abort reason of `ending`, LeaseLost, VanishedFile, or the error of S3 or SQS
   */
  async splitRest(opened: OpenFile, { file, replays, since }: Task, ending: AbortSignal): Promise<void> {
    const { limits, importQueue } = this.#ports
    using _ending = onAbort(ending, (reason) => {
      opened.body.destroy(reason)
    })
    this.#plan = { ...this.#plan, bytes: opened.bytes }
    const segments = splitSegments(opened.body, {
      segmentBytes: limits.segmentBytes,
      byteStart: this.byteEnd,
      firstLine: this.lines + 1,
      firstSegment: this.#plan.segments.length + 1,
    })
    for await (const segment of segments) {
      const task = { file, segment, replays, reached: segment.firstLine - 1, delays: 0, ...(since !== undefined && { since }) }
      await importQueue.send(taskBody(task), 0)
      await this.#add(segment)
    }
  }

  /** Marks the plan as complete and releases the lease. */
  async complete(failure?: Failure): Promise<void> {
    await this.#lease.release({ ...this.#plan, isComplete: true, ...(failure !== undefined && { failure }) })
    this.#ports.events.planned(this.#plan.segments.length)
  }

  /** Saves the plan so far and releases the lease: another run may continue. */
  release(): Promise<void> {
    return this.#lease.release(this.#plan)
  }

  async #add(segment: Segment): Promise<void> {
    this.#plan = { ...this.#plan, segments: [...this.#plan.segments, segment] }
    const now = this.#ports.clock.now()
    if (now - this.#savedAt < this.#ports.limits.checkpointMs) return
    this.#savedAt = now
    await this.#lease.save(this.#plan)
  }
}
