import path from 'node:path'
import type { Trim } from '../bin/bundle-trims.ts'
import { bundleProgram } from '../bin/function-bundle.ts'

/** Bundles a program of this folder into one file, as the function is deployed. From its sources, Node would spend time on stripping types. */
export function bundled(program: string, outDir: string, trims?: readonly Trim[]): Promise<string> {
  return bundleProgram(path.join(outDir, path.parse(program).name), path.join(import.meta.dirname, program), trims)
}
