/** A mistake that importers have been known to make, as a change to ours. */
export interface Mutant {
  readonly name: string
  readonly file: string
  /** There exactly once. */
  readonly find: string
  readonly replace: string
  /** Where it has to be caught, the quickest first. */
  readonly tests: readonly string[]
}

const SIM = 'test/proof/sim/sim.test.ts'
const CRASHES = 'test/proof/sim/exhaustive.test.ts'

/** Each has to be caught by a test: what no test catches, nobody would notice. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the checkpoint is the newest line, and not the last before which all have ended',
    file: 'lambda/settle/ledger.ts',
    find: 'return { line: this.#mark, byte: this.#byte }',
    replace: 'return { line: this.#newest, byte: this.#nextBytes[this.#newest % this.#endings.length] ?? 0 }',
    tests: ['test/lambda/settle/ledger.test.ts', SIM],
  },
  {
    name: 'a line counts as settled before its dead letter is acknowledged',
    file: 'lambda/jobs/settlement.ts',
    find: 'this.#outbox.post(letter, () => {\n      this.ledger.deadLettered(entry.line.number, how, rejection)\n    })',
    replace: 'this.#outbox.post(letter, () => undefined)\n    this.ledger.deadLettered(entry.line.number, how, rejection)',
    tests: [CRASHES, SIM],
  },
  {
    name: 'the message is acknowledged before the work is done',
    file: 'lambda/jobs/dispatch.ts',
    find: 'await carryOutAll(read(), world, invocation)\n    return true',
    replace: 'void carryOutAll(read(), world, invocation).catch(() => undefined)\n    return true',
    tests: [CRASHES, SIM],
  },
  {
    name: 'an answer of 4xx counts as delivered',
    file: 'lambda/deliver/classify.ts',
    find: 'if (status >= 200 && status < 300) {',
    replace: 'if (status >= 200 && status < 500) {',
    tests: ['test/lambda/deliver/classify.test.ts', SIM],
  },
  {
    name: 'entries of a batch that SQS refused are passed over',
    file: 'lambda/settle/dead-letter-sender.ts',
    find: 'if (refusal === undefined) waiting.onSent()',
    replace: 'if (refusal === undefined || refusal.index >= 0) waiting.onSent()',
    tests: ['test/lambda/settle/dead-letter-sender.test.ts', SIM],
  },
  {
    name: 'a body that breaks off is taken for one that has ended',
    file: 'lambda/read/resume.ts',
    find: 'if (this.#at === this.#end) return',
    replace: 'return',
    tests: ['test/lambda/read/resume.test.ts', SIM],
  },
  {
    name: 'where a body breaks off, what there is of a line is taken for a line',
    file: 'lambda/read/resume.ts',
    find: 'await this.#resume(fullJitter(resumes + 1, this.#clock.chance(), BACKOFF_MS))',
    replace: "await this.#resume(fullJitter(resumes + 1, this.#clock.chance(), BACKOFF_MS))\n      yield Buffer.from('\\n')",
    tests: ['test/lambda/read/resume.test.ts', SIM],
  },
  {
    name: 'a last line without newline is dropped',
    file: 'lambda/read/line-guard.ts',
    find: 'if (this.#position > this.#start) this.#take(NEWLINE)',
    replace: '',
    tests: ['test/lambda/read/endings.test.ts', 'test/lambda/read/lines.test.ts'],
  },
  {
    name: 'the handler answers nothing, which acknowledges everything',
    file: 'lambda/app.ts',
    find: 'return { batchItemFailures }',
    replace: 'return undefined',
    tests: ['test/journeys/messages.test.ts'],
  },
  {
    name: 'of several records in one message only the first is imported',
    file: 'lambda/intake/message.ts',
    find: 'event.output.Records.map(readRecord)',
    replace: 'event.output.Records.slice(0, 1).map(readRecord)',
    tests: ['test/lambda/intake/message.test.ts'],
  },
  {
    name: 'a broken body is resumed in whatever object is there now',
    file: 'lambda/read/resume.ts',
    find: 'etag: drop.etag ?? first.etag',
    replace: '',
    tests: ['test/lambda/read/resume.test.ts'],
  },
  {
    name: 'a request that is tried again gets a new time',
    file: 'lambda/deliver/delivery.ts',
    find: 'if (attempt === undefined) return undefined\n      verdict = judge(await this.#endpoint.send(request))',
    replace:
      'if (attempt === undefined) return undefined\n' +
      "      verdict = judge(await this.#endpoint.send({ ...request, path: request.path.replace(/_t=\\d+/, '_t=1700000000') }))",
    tests: [SIM],
  },
  {
    name: 'what is on its way is abandoned when the run ends',
    file: 'lambda/jobs/settlement.ts',
    find: 'await this.#delivery.drain().catch(() => undefined) // throws the same error',
    replace: 'void this.#delivery.drain().catch(() => undefined)',
    tests: [SIM],
  },
  {
    name: 'bytes that are no text go into a dead letter as text',
    file: 'lambda/settle/dead-letter.ts',
    find: "new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })",
    replace: "new TextDecoder('utf-8', { ignoreBOM: true })",
    tests: ['test/lambda/settle/dead-letter.test.ts', 'test/journeys/import.test.ts'],
  },
  {
    name: 'a dead letter that is replayed is deleted before its line is sent',
    file: 'lambda/jobs/dispatch.ts',
    find: 'await replayLetter(work.letter, world)',
    replace: 'void replayLetter(work.letter, world).catch(() => undefined)',
    tests: ['test/journeys/messages.test.ts'],
  },
  {
    name: 'a checkpoint is written whoever has written since',
    file: 'lambda/adapters/s3.ts',
    find: "return tag === undefined ? { IfNoneMatch: '*' } : { IfMatch: tag }",
    replace: 'return tag === undefined ? {} : {}',
    tests: ['test/lambda/adapters/s3-documents.test.ts'],
  },
  {
    name: 'a lease is taken over while its holder is alive',
    file: 'lambda/settle/lease.ts',
    find: 'if (leftMs > 0) return',
    replace: 'if (leftMs > 1e12) return',
    tests: ['test/lambda/settle/lease.test.ts', SIM],
  },
  {
    name: 'a run that was taken over goes on to call the work done',
    file: 'lambda/settle/lease.ts',
    find: 'if (tag === undefined) throw new LostClaim()',
    replace: '',
    tests: ['test/lambda/settle/lease.test.ts', SIM],
  },
  {
    name: 'the sums of a checkpoint are left out of the next run',
    file: 'lambda/jobs/import-segment.ts',
    find: 'limits.maxInFlight * SPAN_PER_REQUEST, claim.state.sums)',
    replace: 'limits.maxInFlight * SPAN_PER_REQUEST)',
    tests: [CRASHES, SIM],
  },
  {
    name: 'work is handed on after its message was acknowledged, and not before',
    file: 'lambda/jobs/requeue.ts',
    find: 'await world.importQueue.send(taskBody({ ...task, reached, delays: 0 }), 0)',
    replace: 'void world.importQueue.send(taskBody({ ...task, reached, delays: 0 }), 0).catch(() => undefined)',
    tests: [CRASHES, SIM],
  },
]
