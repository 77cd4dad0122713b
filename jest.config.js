import { availableParallelism } from 'node:os'
import path from 'node:path'

// The programs that suites start compile their code once, not each time. The command line does that by itself.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, 'node_modules', '.cache', 'compiled')

/** @type {import('jest').Config} */
export default {
  // Two more than there are processors: the three longest suites start first, and usually wait for programs that they have started. Jest's
  // default is one less than there are processors.
  maxWorkers: availableParallelism() + 2,
  // On a busy machine a worker needs more than Jest's half a second to exit, and Jest then warns of a leak that does not exist.
  workerGracefulExitTimeout: 10_000,
  // A worker keeps the modules of every suite that it has run.
  workerIdleMemoryLimit: '1GB',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testEnvironment: '<rootDir>/test/support/environment.js',
  testSequencer: '<rootDir>/test/support/sequencer.js',
  globalSetup: '<rootDir>/test/support/temporary-folder-setup.js',
  globalTeardown: '<rootDir>/test/support/temporary-folder-teardown.js',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2024',
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // The slowest tests take some seconds alone, but a busy machine needs many times that.
  testTimeout: 900_000,
}
