/**
 * A reporter for Jest. It prints one line of JSON for each test file that passed, and ends Jest at the first test that fails: the rest of
 * a suite can take minutes, and a mistake that is caught once is caught.
 */

/** A line that the reporter prints. */
export type TestEvent =
  | { readonly kind: 'passed'; readonly file: string; readonly ms: number; readonly slowestTestMs: number }
  | { readonly kind: 'failed'; readonly test: string }
  /** The file does not compile or load, which proves nothing. */
  | { readonly kind: 'broken'; readonly file: string; readonly why: string }

/** What Jest passes to a reporter: the parts that are used here. */
interface TestFile {
  readonly path: string
}

interface TestCase {
  readonly fullName: string
  readonly status: string
  readonly duration?: number | null
}

interface TestFileResult {
  readonly testExecError?: unknown
  readonly failureMessage?: string | null
  readonly testResults: readonly TestCase[]
  readonly perfStats: { readonly runtime: number }
}

class FirstFailureReporter {
  onTestCaseResult(_file: TestFile, test: TestCase): void {
    if (test.status !== 'failed') return
    print({ kind: 'failed', test: test.fullName })
    process.exit(1)
  }

  onTestResult({ path }: TestFile, { testExecError, failureMessage, testResults, perfStats }: TestFileResult): void {
    if (testExecError !== undefined) {
      print({ kind: 'broken', file: path, why: failureMessage ?? 'it could not be run' })
      process.exit(1)
    }
    const slowestTestMs = Math.max(0, ...testResults.map(({ duration }) => duration ?? 0))
    print({ kind: 'passed', file: path, ms: perfStats.runtime, slowestTestMs })
  }
}

function print(event: TestEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

export { FirstFailureReporter as default }
