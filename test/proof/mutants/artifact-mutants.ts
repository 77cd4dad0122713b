import type { Mutant } from './mutant.ts'

/** Mistakes in how the function is bundled, and in what only the bundle does. */
export const ARTIFACT_MUTANTS: readonly Mutant[] = [
  {
    name: 'the stack in a log line of the function has positions in the minified file',
    file: 'lambda/adapters/log.ts',
    find: '{ ...facts, stack: originalStack(stack) }',
    replace: 'facts',
    tests: ['test/journeys/artifact.test.ts'],
  },
  {
    name: "the stack that Lambda's runtime logs has positions in the minified file",
    file: 'lambda/handler.ts',
    find: 'throw withOriginalStack(error) // the runtime logs it',
    replace: 'throw error',
    tests: ['test/journeys/artifact.test.ts'],
  },
  {
    name: 'the stack of an awaited call keeps positions in the minified file',
    file: 'lambda/adapters/stack-trace.ts',
    find: '(?:async |.*\\()?',
    replace: '(?:.*\\()?',
    tests: ['test/lambda/adapters/stack-trace.test.ts'],
  },
  {
    name: 'a damaged source map hides the error that is logged',
    file: 'lambda/adapters/stack-trace.ts',
    find: 'return undefined // the stack is worth something without its map too',
    replace: "throw new Error('the source map is damaged')",
    tests: ['test/lambda/adapters/stack-trace.test.ts'],
  },
  {
    name: 'a trim stays in its list when a new version of a package no longer has the file',
    file: 'bin/function-bundle.ts',
    find: 'if (unused.length > 0)',
    replace: 'if (unused.length > trims.length)',
    tests: ['test/bin/bundle-trims.test.ts'],
  },
  {
    name: 'a cold start loads HTTP/2',
    file: 'bin/bundle-trims.ts',
    find: '"module.exports = () => { throw new Error(\'HTTP/2 is not in the bundle of the function.\') }"',
    replace: '"require(\'node:http2\')"',
    tests: ['test/bin/bundle-trims.test.ts'],
  },
  {
    name: 'a cold start loads node:assert',
    file: 'bin/function-bundle.ts',
    find: 'trimming(trims, used), lazyAssert]',
    replace: 'trimming(trims, used)]',
    tests: ['test/bin/bundle-trims.test.ts'],
  },
  {
    name: 'a cold start loads the streams of the Web',
    file: 'bin/function-bundle.ts',
    find: "define: { ReadableStream: 'undefined' },",
    replace: '',
    tests: ['test/bin/bundle-trims.test.ts'],
  },
  {
    name: 'a bundled error of the AWS SDK lacks its fields',
    file: 'bin/shorter-sources.ts',
    find: 'for (const field of fields) this[field] = opts[field]',
    replace: '',
    tests: ['test/bin/shorter-sources.test.ts'],
  },
  {
    name: "the function lets V8's space for young objects grow",
    file: 'lambda/handler.ts',
    find: '\nlimitYoungSpace()\n',
    replace: '\n',
    tests: ['test/journeys/artifact.test.ts'],
  },
  {
    name: "V8's space for young objects doubles whenever it is full",
    file: 'lambda/adapters/young-space.ts',
    find: '--semi-space-growth-factor=1',
    replace: '--semi-space-growth-factor=2',
    tests: ['test/lambda/adapters/young-space.test.ts'],
  },
]
