/** `node bin/write-function.ts DIR` writes the bundle of the function to DIR. The stack does that at each synth, in a process of its own. */
import { bundleFunction } from './function-bundle.ts'

const [outDir] = process.argv.slice(2)
if (outDir === undefined) throw new Error('Name the folder: node bin/write-function.ts DIR')
await bundleFunction(outDir)
