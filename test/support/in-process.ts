import { jest } from '@jest/globals'
import { main } from '../../cli/main.ts'
import { PROGRAM, type Ended } from './program.ts'

/**
 * Runs the program in this process, which takes a second less than starting one. Only for commands that end by themselves, one at a time.
 *
 * Use `run` of program.ts for signals and kills.
 */
export async function runInProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Omit<Ended, 'signal'>> {
  const before = { ...process.env }
  const [argv, umask] = [process.argv, process.umask()]
  process.argv = [process.execPath, PROGRAM, ...args]
  Object.assign(process.env, env)
  const written = { stdout: '', stderr: '' }
  const capture = (name: 'stdout' | 'stderr') =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text)
      return true
    })
  const spies = [capture('stdout'), capture('stderr')]
  try {
    return { code: await main(args), ...written }
  } finally {
    for (const spy of spies) spy.mockRestore()
    process.argv = argv
    process.umask(umask)
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = before[name]
    }
  }
}
