import { on } from 'node:events'
import { parentPort } from 'node:worker_threads'
import { digestBlock, type Block } from './digest-block.ts'
import { Digester } from './digest.ts'

// The program of each thread of the pool. It answers each block with its digest.
if (parentPort === null) throw new Error('digest-worker.ts runs in a worker thread only')
const digester = new Digester()
for await (const [block] of on(parentPort, 'message') as AsyncIterable<[Block]>) {
  const digest = await digestBlock(block, digester)
  parentPort.postMessage(digest, [digest.identities.buffer, digest.occurrences.buffer])
}
