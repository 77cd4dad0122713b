/** A known mistake of importers, as a change to this one. */
export interface Mutant {
  /** What the importer does wrong. */
  readonly name: string
  readonly file: string
  /** Occurs exactly once in the file. Any run of white space matches any other, so that formatting does not matter. */
  readonly find: string
  readonly replace: string
  /** The tests that must catch it, the fastest first. */
  readonly tests: readonly string[]
}

const SIM = 'test/proof/sim/sim.test.ts'
const CRASHES = 'test/proof/sim/exhaustive.test.ts'

/** Each of these mistakes must make a test fail. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the checkpoint is the newest line instead of the last line before which all lines have ended',
    file: 'lambda/settle/ledger.ts',
    find: 'line: this.#watermark, byte: this.#byte }',
    replace: 'line: this.#newest, byte: this.#nextBytes[this.#newest % this.#outcomes.length] ?? 0 }',
    tests: ['test/lambda/settle/ledger.test.ts', SIM],
  },
  {
    name: 'a line counts as settled before SQS acknowledges its dead letter',
    file: 'lambda/jobs/settlement.ts',
    find: 'send(deadLetter, () => {',
    replace: 'send(deadLetter, () => undefined)\n    queueMicrotask(() => {',
    tests: [CRASHES, SIM],
  },
  {
    name: 'the message is acknowledged before the work is done',
    file: 'lambda/jobs/dispatch.ts',
    find: 'await dispatchAll(read(), ports, invocation)',
    replace: '(void dispatchAll(read(), ports, invocation).catch(() => undefined), DONE)',
    tests: [CRASHES, SIM],
  },
  {
    name: 'a 4xx answer counts as delivered',
    file: 'lambda/deliver/classify.ts',
    find: 'status < 300',
    replace: 'status < 500',
    tests: ['test/lambda/deliver/classify.test.ts', SIM],
  },
  {
    name: 'entries of a batch that SQS refused are ignored',
    file: 'lambda/settle/dead-letter-sender.ts',
    find: 'if (refusal === undefined) pending.onSent()',
    replace: 'if (refusal === undefined || refusal.index >= 0) pending.onSent()',
    tests: ['test/lambda/settle/dead-letter-sender.test.ts', SIM],
  },
  {
    name: 'a body that breaks off counts as complete',
    file: 'lambda/read/resume.ts',
    find: 'if (this.#position === this.#end) return',
    replace: 'return',
    tests: ['test/lambda/read/resume.test.ts', SIM],
  },
  {
    name: 'the part of a line before a break in the body counts as a line',
    file: 'lambda/read/resume.ts',
    find: 'await this.#resume(fullJitter(resumes + 1, this.#clock.chance(), BACKOFF_MS))',
    replace: "await this.#resume(fullJitter(resumes + 1, this.#clock.chance(), BACKOFF_MS))\n      yield Buffer.from('\\n')",
    tests: ['test/lambda/read/resume.test.ts', SIM],
  },
  {
    name: 'a last line without a newline is lost',
    file: 'lambda/read/line-guard.ts',
    find: 'if (this.#position > this.#start) this.#take(NEWLINE)',
    replace: '',
    tests: ['test/lambda/read/endings.test.ts', 'test/lambda/read/lines.test.ts'],
  },
  {
    name: 'the handler returns nothing, which acknowledges everything',
    file: 'lambda/app.ts',
    find: 'return { batchItemFailures }',
    replace: 'return undefined',
    tests: ['test/journeys/messages.test.ts'],
  },
  {
    name: 'only the first of several records in a message is imported',
    file: 'lambda/intake/message.ts',
    find: 'event.output.Records.map(readRecord)',
    replace: 'event.output.Records.slice(0, 1).map(readRecord)',
    tests: ['test/lambda/intake/message.test.ts'],
  },
  {
    name: 'a broken body is resumed in an object that has replaced the first',
    file: 'lambda/read/resume.ts',
    find: 'etag: file.etag ?? first.etag',
    replace: '',
    tests: ['test/lambda/read/resume.test.ts'],
  },
  {
    name: 'a retried request gets a new time',
    file: 'lambda/deliver/delivery.ts',
    find: 'this.#onRepeat()\n      answerClass = classify(await this.#endpoint.send(request))',
    replace:
      'this.#onRepeat()\n' +
      "      answerClass = classify(await this.#endpoint.send({ ...request, path: request.path.replace(/_t=\\d+/, '_t=1700000000') }))",
    tests: [SIM],
  },
  {
    name: 'requests in flight are abandoned when the run ends',
    file: 'lambda/jobs/settlement.ts',
    find: 'await this.#delivery.drain().catch(',
    replace: 'void this.#delivery.drain().catch(',
    tests: [SIM],
  },
  {
    name: 'bytes that are not UTF-8 go into a dead letter as text',
    file: 'lambda/settle/dead-letter.ts',
    find: "new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })",
    replace: "new TextDecoder('utf-8', { ignoreBOM: true })",
    tests: ['test/lambda/settle/dead-letter.test.ts', 'test/journeys/import.test.ts'],
  },
  {
    name: 'a replayed dead letter is deleted before its line is sent',
    file: 'lambda/jobs/dispatch.ts',
    find: 'return replayDeadLetter(work.deadLetter, ports)',
    replace: 'void replayDeadLetter(work.deadLetter, ports).catch(() => undefined)\n      return DONE',
    tests: ['test/journeys/messages.test.ts'],
  },
  {
    name: 'a checkpoint overwrites a newer one',
    file: 'lambda/adapters/s3-documents.ts',
    find: "return tag === undefined ? { IfNoneMatch: '*' } : { IfMatch: tag }",
    replace: 'return tag === undefined ? {} : {}',
    tests: ['test/lambda/adapters/s3-documents.test.ts'],
  },
  {
    name: 'a lease is taken over while its holder is alive',
    file: 'lambda/settle/lease.ts',
    find: 'if (leftMs > 0)',
    replace: 'if (leftMs > 1e12)',
    tests: ['test/lambda/settle/lease.test.ts', SIM],
  },
  {
    name: 'a run that lost its lease still marks the work as done',
    file: 'lambda/settle/lease.ts',
    find: 'if (tag === undefined) throw new LeaseLost()',
    replace: '',
    tests: ['test/lambda/settle/lease.test.ts', SIM],
  },
  {
    name: 'the counts of a checkpoint are lost in the next run',
    file: 'lambda/jobs/run-segment.ts',
    find: 'limits.maxInFlight * SPAN_PER_REQUEST, first.counts)',
    replace: 'limits.maxInFlight * SPAN_PER_REQUEST)',
    tests: [CRASHES, SIM],
  },
  {
    name: 'the message is acknowledged before its work is requeued',
    file: 'lambda/jobs/requeue.ts',
    find: 'await ports.importQueue.send(taskBody({ ...task, reached, delays: 0 }), 0)',
    replace: 'void ports.importQueue.send(taskBody({ ...task, reached, delays: 0 }), 0).catch(() => undefined)',
    tests: [CRASHES, SIM],
  },
]
