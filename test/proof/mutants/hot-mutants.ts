import type { Mutant } from './mutant.ts'

/** Mistakes on the path that every line takes: the connections, and the reader that passes lines on. */
export const HOT_MUTANTS: readonly Mutant[] = [
  {
    name: 'an answer with another Retry-After is taken for the one before it',
    file: 'lambda/adapters/http-slot.ts',
    find: '&& contentType === usual.contentType && retryAfter === usual.retryAfter) return usual',
    replace: '&& contentType === usual.contentType) return usual',
    tests: ['test/lambda/adapters/endpoint.test.ts'],
  },
  {
    name: 'a request that cannot be sent is answered before send has returned',
    file: 'lambda/adapters/http-slot.ts',
    find: "queueMicrotask(() => { this.#end({ kind: 'no-answer', code: nameOf(error) }) })",
    replace: "this.#end({ kind: 'no-answer', code: nameOf(error) })",
    tests: ['test/lambda/adapters/endpoint.test.ts'],
  },
  {
    name: 'the last request that waits for a connection is the first to get one',
    file: 'lambda/adapters/http-pool.ts',
    find: 'const next = this.#waiting.shift()',
    replace: 'const next = this.#waiting.pop()',
    tests: ['test/lambda/adapters/endpoint.test.ts'],
  },
  {
    name: 'a request that waits for a connection is forgotten when the pool is closed',
    file: 'lambda/adapters/http-pool.ts',
    find: 'for (const { onAnswer } of this.#waiting.splice(0)) onAnswer(CLOSED)',
    replace: 'this.#waiting.splice(0)',
    tests: ['test/lambda/adapters/endpoint.test.ts'],
  },
  {
    name: 'a connection that has answered is not used again',
    file: 'lambda/adapters/http-pool.ts',
    find: 'this.#free.push(slot)',
    replace: '',
    tests: ['test/lambda/adapters/endpoint.test.ts'],
  },
  {
    name: 'an answer that drips forever is waited for',
    file: 'lambda/adapters/http-slot.ts',
    find: "this.#abort?.(new AttemptError('ATTEMPT_TIMEOUT'))",
    replace: '',
    tests: ['test/lambda/adapters/endpoint.test.ts'],
  },
  {
    name: 'minus zero in a usual line is sent as it is written',
    file: 'lambda/parse/usual-lines.ts',
    find: "&& written !== '-0'",
    replace: '',
    tests: ['test/lambda/parse/usual-lines.test.ts'],
  },
  {
    name: 'a lone surrogate in a usual line is sent',
    file: 'lambda/parse/usual-lines.ts',
    find: String.raw`[^"\\\x00-\x1f\ud800-\udfff]*`,
    replace: String.raw`[^"\\\x00-\x1f]*`,
    tests: ['test/lambda/parse/usual-lines.test.ts'],
  },
  {
    name: 'an empty text in a usual line is sent as a property',
    file: 'lambda/parse/usual-lines.ts',
    find: "text === '' || other === 'null'",
    replace: "other === 'null'",
    tests: ['test/lambda/parse/usual-lines.test.ts'],
  },
  {
    name: 'a stage that reports a change while a line passes gets another line',
    file: 'lambda/settle/back-pressure.ts',
    find: 'if (isBusy) return',
    replace: '',
    tests: ['test/lambda/settle/back-pressure.test.ts'],
  },
]
