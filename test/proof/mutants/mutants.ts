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
  {
    name: 'a send that is continued leaves an incomplete row in the file of rejected lines',
    file: 'cli/send/rejected-file.ts',
    find: 'if (end < size) await handle.truncate(end)',
    replace: '',
    tests: ['test/cli/send/rejected-file.test.ts'],
  },
  {
    name: 'an incomplete row is found only if it is short',
    file: 'cli/send/rejected-file.ts',
    find: 'end = start }',
    replace: 'break\n    }',
    tests: ['test/cli/send/rejected-file.test.ts'],
  },
  {
    name: 'a send overwrites the state that another send has written',
    file: 'cli/send/state.ts',
    find: 'if ((before && tagOf(before)) !== expected) return undefined',
    replace: '',
    tests: ['test/cli/send/state.test.ts'],
  },
  {
    name: 'a dead letter that SQS could not delete counts as deleted',
    file: 'lambda/adapters/sqs.ts',
    find: 'if (first !== undefined) throw new Error(`${Failed.length} dead letters',
    replace: 'if (first === null) throw new Error(`${Failed.length} dead letters',
    tests: ['test/lambda/adapters/sqs.test.ts'],
  },
  {
    name: 'the dead letters of a file are archived again with the next file',
    file: 'lambda/archive/archive.ts',
    find: 'this.#deadLetters = [] this.#characters = 0',
    replace: 'this.#characters = 0',
    tests: ['test/lambda/archive/archive.test.ts'],
  },
  {
    name: 'a dead letter is removed from the queue before it is archived',
    file: 'lambda/archive/archive.ts',
    find:
      'await archived.put(bucket, key, archivedText(deadLetters.map((deadLetter) => toArchived(deadLetter, why, now)))) ' +
      'await inBatches(deadLetters, (batch) => deadLetterReader.remove(batch))',
    replace:
      'await inBatches(deadLetters, (batch) => deadLetterReader.remove(batch))\n' +
      '    await archived.put(bucket, key, archivedText(deadLetters.map((deadLetter) => toArchived(deadLetter, why, now))))',
    tests: ['test/lambda/archive/archive.test.ts'],
  },
  {
    name: 'one empty answer of SQS counts as the end of the dead-letter queue',
    file: 'lambda/archive/dead-letter-reader.ts',
    find: 'const EMPTY_ANSWERS = 2',
    replace: 'const EMPTY_ANSWERS = 1',
    tests: ['test/lambda/archive/dead-letter-reader.test.ts'],
  },
  {
    name: 'a dead letter that was archived twice is found twice',
    file: 'cli/rejects/scan.ts',
    find: 'seen.add(id) if (isMatch)',
    replace: 'if (isMatch)',
    tests: ['test/cli/rejects/scan.test.ts'],
  },
  {
    name: 'a dead letter that is in the queue and in the bucket stays in the bucket when it is removed',
    file: 'cli/rejects/scan.ts',
    find: 'if (isMatch) selection.add(id, { file })',
    replace: 'if (isMatch && !selection.has(id)) selection.add(id, { file })',
    tests: ['test/cli/rejects/scan.test.ts'],
  },
  {
    name: 'dead letters that a command did not select stay hidden',
    file: 'cli/rejects/scan.ts',
    find: 'await inBatches(notSelected, (batch) => queue.putBack(batch))',
    replace: 'await inBatches(notSelected.slice(0, 0), (batch) => queue.putBack(batch))',
    tests: ['test/cli/rejects/scan.test.ts'],
  },
  {
    name: 'a scan takes the dead letters that others left for all of them',
    file: 'cli/rejects/scan.ts',
    find: 'if (isWhole) selection.inUse =',
    replace: 'if (!isWhole) selection.inUse =',
    tests: ['test/cli/rejects/scan.test.ts'],
  },
  {
    name: 'two replays at the same time send the same archived dead letter',
    file: 'cli/rejects/claims.ts',
    find: "< CLAIM_MS ? 'taken' : 'claimed'",
    replace: "< CLAIM_MS ? 'claimed' : 'claimed'",
    tests: ['test/cli/rejects/claims.test.ts', 'test/cli/rejects/replay-lines.test.ts'],
  },
  {
    name: 'a replay sends what another one has sent and not removed',
    file: 'cli/rejects/claims.ts',
    find: "if (isUploaded) return 'sent'",
    replace: '',
    tests: ['test/cli/rejects/claims.test.ts', 'test/cli/rejects/replay-lines.test.ts'],
  },
  {
    name: 'a replay that was paused uploads although its claim has ended',
    file: 'cli/rejects/claims.ts',
    find: 'return now - Date.parse(at) < MAX_CLAIM_AGE_MS',
    replace: 'return now >= 0 || at.length < MAX_CLAIM_AGE_MS',
    tests: ['test/cli/rejects/claims.test.ts'],
  },
  {
    name: 'a claim overwrites the claim of another replay',
    file: 'cli/rejects/archived-files.ts',
    find: 'const object = { Bucket: this.#bucket, Key: file, IfMatch: etag }',
    replace: 'const object = { Bucket: this.#bucket, Key: file, ...(etag.length < 0 && { IfMatch: etag }) }',
    tests: ['test/cli/rejects/archived-files.test.ts'],
  },
  {
    name: 'a replay overwrites the file that another replay of the same dead letters has uploaded',
    file: 'cli/rejects/replay-upload.ts',
    find: "IfNoneMatch: '*',",
    replace: '',
    tests: ['test/cli/rejects/replay-lines.test.ts'],
  },
  {
    name: 'a replay forgets what an interrupted one has sent, if it is of other dead letters',
    file: 'cli/rejects/replay-lines.ts',
    find: 'sentIds: await records.sentIds(),',
    replace: 'sentIds: new Set(),',
    tests: ['test/cli/rejects/replay-lines.test.ts', 'test/journeys/rejects.test.ts'],
  },
  {
    name: 'the file of another run of a replay counts as its own',
    file: 'cli/rejects/replay-records.ts',
    find: 'return Metadata?.run === run',
    replace: 'return Metadata !== undefined || run.length > 0',
    tests: ['test/cli/rejects/replay-lines.test.ts'],
  },
  {
    name: 'the same dead letters with other lines are another replay',
    file: 'cli/rejects/replay-upload.ts',
    find: 'JSON.stringify(ids)',
    replace: 'JSON.stringify(lines)',
    tests: ['test/cli/rejects/replay-lines.test.ts'],
  },
  {
    name: 'a dead letter is removed although one of its lines is not sent yet',
    file: 'cli/rejects/replay-lines.ts',
    find: 'filter((id) => !isKept(id))',
    replace: 'filter((id) => isKept !== undefined || id)',
    tests: ['test/cli/rejects/replay-lines.test.ts'],
  },
  {
    name: 'a pull keeps all dead letters in memory',
    file: 'cli/rejects/pull.ts',
    find: 'preview.add(row)',
    replace: 'preview.add(row)\n        ;((globalThis as { kept?: unknown[] }).kept ??= []).push(row)',
    tests: ['test/cli/rejects/pull.test.ts'],
  },
  {
    name: 'other users of the computer can read pulled lines',
    file: 'cli/rejects/output-file.ts',
    find: "'wx', 0o600",
    replace: "'wx', 0o644",
    tests: ['test/cli/rejects/output-file.test.ts'],
  },
  {
    name: 'a message of another program counts as a failed import',
    file: 'cli/rejects/pull.ts',
    find: 'counts.unknown += 1',
    replace: 'counts.failedImports += 1',
    tests: ['test/journeys/rejects.test.ts'],
  },
  {
    name: 'a replay that is interrupted between failed imports ends as if it were done',
    file: 'cli/rejects/replay-valid.ts',
    find: 'if (signal.aborted) {',
    replace: 'if (signal.aborted && options.length < 0) {',
    tests: ['test/journeys/rejects.test.ts'],
  },
  {
    name: 'a table for a spreadsheet controls the terminal',
    file: 'cli/terminal/csv.ts',
    find: "typeof cell === 'string' ? printable(cell) : cell",
    replace: "typeof cell === 'string' ? printable('') + cell : cell",
    tests: ['test/cli/terminal/csv.test.ts'],
  },
  {
    name: 'an error message controls the terminal',
    file: 'cli/main.ts',
    find: 'printableLines(message)',
    replace: 'message',
    tests: ['test/journeys/hostile-text.test.ts'],
  },
  {
    name: 'the page offers "Select all" while it knows only a part',
    file: 'cli/console/page/rejected/selection.ts',
    find: 'return isComplete || (!isRefreshing && inUse === 0)',
    replace: 'return isComplete || !isRefreshing || inUse === 0',
    tests: ['test/cli/console/page/rejected/selection.test.ts'],
  },
  {
    name: 'the cache of encoded names has no bound',
    file: 'lambda/parse/request.ts',
    find: 'if (encodedNames.size >= MAX_CACHED_NAMES) encodedNames.clear()',
    replace: '',
    tests: ['test/lambda/parse/new-names.test.ts'],
  },
  {
    name: 'the cache of the fingerprints of names has no bound',
    file: 'cli/preview/digest/fingerprint.ts',
    find: 'if (this.#known.size >= MAX_CACHED_NAMES) this.#known.clear()',
    replace: '',
    tests: ['test/lambda/parse/new-names.test.ts'],
  },
  {
    name: 'a dead letter is never quarantined, however often its replay fails',
    file: 'lambda/jobs/quarantine.ts',
    find: 'if (replays < MAX_REPLAYS)',
    replace: 'if (replays < MAX_REPLAYS || replays > 0)',
    tests: ['test/lambda/jobs/quarantine.test.ts'],
  },
]
