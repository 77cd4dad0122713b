import type { Mutant } from './mutant.ts'

/** Mistakes in receipts. */
export const RECEIPTS_MUTANTS: readonly Mutant[] = [
  {
    name: 'a receipt has the hash of the part that the last run has read',
    file: 'lambda/jobs/range-hash.ts',
    find: 'if (start.byte === range.start && this.#bytes === range.end - range.start) return',
    replace: 'if (this.#bytes > 0) return',
    tests: ['test/lambda/jobs/range-hash.test.ts'],
  },
  {
    name: 'what is read again begins at the checkpoint',
    file: 'lambda/jobs/range-hash.ts',
    find: 'const again = await files.open(file, range)',
    replace: 'const again = await files.open(file, { ...range, start: start.byte })',
    tests: ['test/lambda/jobs/range-hash.test.ts'],
  },
  {
    name: 'the links of a receipt do not depend on each other',
    file: 'lambda/report/receipt.ts',
    find: 'seal = hashOf([seal, byteStart,',
    replace: "seal = hashOf(['', byteStart,",
    tests: ['test/cli/verify/verify.test.ts'],
  },
  {
    name: 'counts are not part of the chain',
    file: 'lambda/report/receipt.ts',
    find: 'byteEnd, sha256, ordered(lines)])',
    replace: 'byteEnd, sha256])',
    tests: ['test/cli/verify/verify.test.ts'],
  },
  {
    name: 'a receipt is stored for a part of a file',
    file: 'lambda/jobs/receipt.ts',
    find: 'if (known.length === 0 || known.length < ranges.length) return undefined',
    replace: 'if (known.length === 0) return undefined',
    tests: ['test/lambda/jobs/receipt.test.ts'],
  },
  {
    name: 'the error of a receipt fails the import',
    file: 'lambda/jobs/receipt.ts',
    find: 'if (receipt !== undefined) await documents.put(',
    replace: 'if (receipt !== undefined) return void documents.put(',
    tests: ['test/lambda/jobs/receipt.test.ts'],
  },
  {
    name: 'only the length of a file is verified',
    file: 'cli/verify/verify.ts',
    find: 'if ((await hashOf(file, byteStart, byteEnd)) !== sha256)',
    replace: 'if ((await hashOf(file, byteStart, byteEnd)) === "")',
    tests: ['test/cli/verify/verify.test.ts'],
  },
]
