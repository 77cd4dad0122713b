import { on } from 'node:events'
import { parentPort } from 'node:worker_threads'
import { digestBlock, type Block } from './digest-block.ts'
import { Digester } from './digest.ts'

// What runs in each thread of the pool: a block comes in, its digest goes out, one after the other.
if (parentPort === null) throw new Error('digest-worker.ts runs in a worker thread only')
const digester = new Digester()
for await (const [block] of on(parentPort, 'message') as AsyncIterable<[Block]>) {
  const digest = await digestBlock(block, digester)
  parentPort.postMessage(digest, [digest.identities.buffer, digest.sightings.buffer])
}
