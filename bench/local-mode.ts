import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import about from '../package.json' with { type: 'json' }
import { pageAddressOf } from '../test/support/page-address.ts'
import { Program } from '../test/support/program.ts'

/** Those of `npm start`. */
const NODE_FLAGS = about.scripts.start.split(' ').filter((word) => word.startsWith('--'))

export interface LocalMode extends AsyncDisposable {
  /** Of its page. */
  readonly address: string
}

/** Local mode in a process of its own, like `npm start`, with nothing to import. Dispose to stop it. */
export async function openLocalMode(stateDir: string): Promise<LocalMode> {
  const watchedDir = path.join(stateDir, 'drop')
  await mkdir(watchedDir, { recursive: true })
  const program = new Program(['local', '--no-samples', '--state-dir', stateDir, '--drop-dir', watchedDir], {
    NODE_OPTIONS: NODE_FLAGS.join(' '),
  })
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => {
    program.kill('SIGINT')
    await program.ended()
  })
  const address = await pageAddressOf(program)
  const started = stack.move()
  return { address, [Symbol.asyncDispose]: () => started.disposeAsync() }
}
