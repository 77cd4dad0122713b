import { startSqs } from '../../../emulators/sqs/server.ts'

/** The server as a process that a test can kill. Prints its address. */
const { url } = await startSqs({ dir: process.argv[2] ?? '' })
console.log(url)
