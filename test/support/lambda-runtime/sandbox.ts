import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import type { LogFile } from './log-file.ts'

export interface SandboxOptions {
  /** The folder of index.mjs. */
  readonly bundleDir: string
  /** File and export. */
  readonly handler: string
  readonly env: Readonly<Record<string, string>>
  readonly memoryMb: number
  /** Host and port of the Runtime API. */
  readonly runtimeApi: string
  readonly log: LogFile
}

const RUNTIME_CLIENT = path.join(import.meta.dirname, '../../../node_modules/aws-lambda-ric/index.mjs')
const NATIVE_CLIENT = path.join(import.meta.dirname, 'native-client.cjs')

/** A process that loads the bundle and asks for one invocation after the other. */
export function startSandbox({ bundleDir, handler, env, memoryMb, runtimeApi, log }: SandboxOptions): ChildProcess {
  // Like Lambda, 90 % of the memory is for the heap. Memory outside the heap is not limited here.
  const heap = `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`
  return spawn(process.execPath, [heap, '--require', NATIVE_CLIENT, RUNTIME_CLIENT, handler], {
    cwd: bundleDir,
    stdio: ['ignore', log.descriptor, log.descriptor],
    // Only what Lambda or the stack sets; nothing from this computer.
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_RUNTIME_API: runtimeApi,
      LAMBDA_TASK_ROOT: bundleDir,
      _HANDLER: handler,
      AWS_LAMBDA_FUNCTION_NAME: 'importer',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/importer',
      AWS_LAMBDA_LOG_STREAM_NAME: 'test',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      TZ: ':UTC',
      ...env,
    },
  })
}
