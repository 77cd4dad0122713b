/** @type {import('jest').Config} */
export default {
  // Jest's default is one worker less than there are processors. On two processors that would be one.
  maxWorkers: '100%',
  // A worker keeps the modules of every suite that it has run.
  workerIdleMemoryLimit: '1GB',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testEnvironment: '<rootDir>/test/support/environment.js',
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
  // The slowest tests take a few seconds alone, but a busy machine needs many times that.
  testTimeout: 300_000,
}
