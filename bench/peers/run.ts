/**
 * npm run bench:peers: this importer beside others, on the same lines and the same endpoint. The packages of the peers are installed into
 * .bench-peers. Prints two Markdown tables; with --write, docs/benchmarks.md gets them too.
 */
import path from 'node:path'
import { parseArgs } from 'node:util'
import { loadAverage, machineText } from '../machine.ts'
import { compare, FAULT_SCENARIOS } from './compare.ts'
import { CONTENDERS, isContender } from './contenders.ts'
import { writeTables } from './document.ts'
import { asMarkdown } from './table.ts'

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    lines: { type: 'string', default: '50000' },
    /** Lines of the files that are imported while something fails. */
    'fault-lines': { type: 'string', default: '10000' },
    'in-flight': { type: 'string', default: '64' },
    only: { type: 'string', default: Object.keys(CONTENDERS).join(',') },
    write: { type: 'boolean', default: false },
  },
})
const ROOT = path.join(import.meta.dirname, '..', '..')

const names = flags.only.split(',').filter(isContender)
if (names.length !== flags.only.split(',').length) throw new Error(`--only takes some of ${Object.keys(CONTENDERS).join(',')}`)

const load = loadAverage()
const comparison = await compare({
  names,
  scenarios: ['clean', ...FAULT_SCENARIOS],
  lines: Number(flags.lines),
  faultLines: Number(flags['fault-lines']),
  inFlight: Number(flags['in-flight']),
  rounds: Number(flags.rounds),
  packages: path.join(ROOT, '.bench-peers'),
  progress: (text) => process.stderr.write(text),
})
const busy = `load average ${load.toFixed(1)} before the first run`
const tables = `${new Date().toISOString().slice(0, 10)}, ${machineText()}, ${busy}. ${asMarkdown(comparison)}`
console.log(tables)
if (flags.write) await writeTables(path.join(ROOT, 'docs', 'benchmarks.md'), tables)
