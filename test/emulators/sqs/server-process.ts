import { startSqs } from '../../../emulators/sqs/server.ts'

/** The server as a process that can be killed: tells its address on stdout. */
const { url } = await startSqs({ dir: process.argv[2] ?? '' })
console.log(url)
