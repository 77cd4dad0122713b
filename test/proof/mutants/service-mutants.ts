import type { Mutant } from './mutant.ts'

/** Mistakes in the emulators and in the console. */
export const SERVICE_MUTANTS: readonly Mutant[] = [
  {
    name: 'the S3 emulator ignores If-Match',
    file: 'emulators/s3/conditional-requests.ts',
    find: 'if (ifMatch === undefined) return',
    replace: 'if (ifMatch !== null) return',
    tests: ['test/lambda/adapters/s3-documents.test.ts'],
  },
  {
    name: 'the S3 emulator returns a byte too few of a range',
    file: 'emulators/s3/byte-range.ts',
    find: 'Math.min(Number(last), size - 1)',
    replace: 'Math.min(Number(last) - 1, size - 1)',
    tests: ['test/emulators/s3/server.test.ts', 'test/emulators/s3/conformance.test.ts'],
  },
  {
    name: 'the S3 emulator forgets an event that the queue did not take',
    file: 'emulators/s3/notifications.ts',
    find: '} catch { // Like AWS, try again later.',
    replace: "} catch {\n        this.#store.sql('DELETE FROM pending_events WHERE id = ?').run(Number(next.id))",
    tests: ['test/emulators/s3/server.test.ts'],
  },
  {
    name: 'the S3 emulator sends events for every suffix',
    file: 'emulators/s3/notifications.ts',
    find: '|| !object.key.endsWith(configuration.suffix)',
    replace: '',
    tests: ['test/emulators/s3/server.test.ts'],
  },
  {
    name: 'the SQS emulator deletes with a receipt handle of an earlier delivery',
    file: 'emulators/sqs/messages.ts',
    find: 'WHERE sequence = ? AND queue = ? AND receipt = ?',
    replace: 'WHERE sequence = ? AND queue = ? AND ? IS NOT NULL',
    tests: ['test/emulators/sqs/server.test.ts'],
  },
  {
    name: 'the SQS emulator moves a message to the dead-letter queue one delivery late',
    file: 'emulators/sqs/messages.ts',
    find: 'Number(row.received_here) >= policy.maxReceiveCount',
    replace: 'Number(row.received_here) > policy.maxReceiveCount',
    tests: ['test/emulators/sqs/clock.test.ts'],
  },
  {
    name: 'the Kissmetrics emulator counts an exact repeat as a new event',
    file: 'emulators/kissmetrics/recorder.ts',
    find: 'this.#countRepeat.run(key) return',
    replace: "this.#addEvent.run(`${key}${Math.random()}`, person, event, foldName(event), time.seconds, '[]')\n    return",
    tests: ['test/emulators/kissmetrics/recorder.test.ts', 'test/emulators/kissmetrics/server.test.ts'],
  },
  {
    name: 'a page of another site can use the console',
    file: 'cli/console/guard.ts',
    find: 'if (headers.origin !== undefined && headers.origin !==',
    replace: "if (headers.origin === '' && headers.origin !==",
    tests: ['test/cli/console/guard.test.ts'],
  },
  {
    name: 'a name that resolves to this computer reaches the console',
    file: 'cli/console/guard.ts',
    find: "if (!hosts.includes(headers.host ?? ''))",
    replace: "if (!hosts.includes(headers.host ?? '') && headers.host === undefined)",
    tests: ['test/cli/console/guard.test.ts'],
  },
]
