import type { Mutant } from './mutant.ts'

/** Mistakes about which objects are imported, from which bucket, and what a deployment protects. */
export const SOURCE_MUTANTS: readonly Mutant[] = [
  {
    name: 'the key of an EventBridge event is decoded',
    file: 'lambda/intake/message.ts',
    find: 'if (bridged !== undefined) return [workFor(bridged)]',
    replace: 'if (bridged !== undefined) return [workFor({ ...bridged, key: decodeKey(bridged.key) })]',
    tests: ['test/lambda/intake/message.test.ts'],
  },
  {
    name: 'a search continues in the first bucket with the prefix',
    file: 'lambda/adapters/s3-objects.ts',
    find: 'return (position.bucket ?? bucket) === bucket && position.key.startsWith(prefix)',
    replace: 'return position.key.startsWith(prefix)',
    tests: ['test/lambda/adapters/s3-documents.test.ts'],
  },
  {
    name: 'the function may use a customer key through any service',
    file: 'lib/importer-permissions.ts',
    find: "['kms:Decrypt'], through(service))",
    replace: "['kms:Decrypt'], { Null: { 'kms:ViaService': String(through(service) === undefined) } })",
    tests: ['test/lib/options-permissions.test.ts'],
  },
  {
    name: 'the policy of the import queue is removed with the stack',
    file: 'lib/import-queue.ts',
    find: 'keepPolicyOf(this.queue)',
    replace: '',
    tests: ['test/lib/importer-stack.test.ts'],
  },
  {
    name: 'an object without an import name is imported unseen',
    file: 'lambda/jobs/skip-object.ts',
    find: 'if (reason === undefined) return false',
    replace: 'return false',
    tests: ['test/lambda/jobs/skip-object.test.ts'],
  },
  {
    name: 'a file named .JSON is skipped',
    file: 'lambda/keys.ts',
    find: 'const name = key.toLowerCase()',
    replace: 'const name = key',
    tests: ['test/lambda/jobs/skip-reason.test.ts'],
  },
  {
    name: 'any JSON lines are taken for lines for Kissmetrics',
    file: 'lambda/jobs/skip-reason.ts',
    find: 'if (mentionsPerson(line)) return undefined',
    replace: 'if (line.text !== undefined) return undefined',
    tests: ['test/lambda/jobs/skip-reason.test.ts'],
  },
  {
    name: 'a short file that is half converted is rejected as a whole',
    file: 'lambda/parse/sniff.ts',
    find: 'if (isWhole && this.#hasHalfRenamed) return this.#decide(ADMITTED)',
    replace: '',
    tests: ['test/lambda/parse/sniff.test.ts'],
  },
  {
    name: 'refusals by chance reduce the rate',
    file: 'lambda/deliver/throttle.ts',
    find: '+ DEVIATIONS * deviation',
    replace: '+ 0 * deviation',
    tests: ['test/lambda/deliver/throttle.test.ts'],
  },
  {
    name: 'a reduction is as deep as one slow second',
    file: 'lambda/deliver/throttle.ts',
    find: 'return Math.max(accepted, this.#mostAccepted, half)',
    replace: 'return accepted',
    tests: ['test/lambda/deliver/throttle.test.ts'],
  },
  {
    name: 'dead letters that are read do not stay hidden',
    file: 'lambda/archive/held-dead-letters.ts',
    find: 'const RENEW_EVERY_MS = 60_000',
    replace: 'const RENEW_EVERY_MS = 60_000_000',
    tests: ['test/lambda/archive/held-dead-letters.test.ts'],
  },
  {
    name: 'the record of a replay is removed although a copy may be left',
    file: 'cli/rejects/replay-lines.ts',
    find: 'if (toUpload.length > 0 && isRemoved)',
    replace: 'if (toUpload.length > 0)',
    tests: ['test/cli/rejects/replay-lines.test.ts', 'test/cli/rejects/paused-replay.test.ts'],
  },
]
