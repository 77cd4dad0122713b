import { Installation } from './support/installation.ts'
import { startFaultSink } from './support/fault-sink.ts'
const line = (n: number) => `{"_p":"person${n}@example.com","_t":${1393344604 + n},"_n":"Viewed page","plan":"gold","price":${n % 100},"page":"/articles/${n % 500}"}\n`
const body = (from: number, lines: number) => Array.from({ length: lines }, (_, n) => line(from + n)).join('')
const OFF = Object.fromEntries(['ALIASES','REJECTED_PERCENT','SAME_REASON_LINES','NEW_NAMES','SIMILAR_NAMES','TYPE_PERCENT','VOLUME_FACTOR','OLDER_DAYS'].map((n) => [`KM_HOLD_${n}`, '0']))
const median = (a: number[]) => a.toSorted((x, y) => x - y)[Math.floor(a.length / 2)]!
const sink = await startFaultSink()
const result: Record<string, number[]> = {}
for (let pair = 0; pair < 3; pair += 1)
  for (const [name, env] of pair % 2 ? [['off', OFF], ['on', {}]] as const : [['on', {}], ['off', OFF]] as const) {
    const installation = await Installation.start(sink.url, env)
    await installation.import('warm/up.jsonl', body(0, 2000))
    for (const [lines, times] of [[10, 15], [900, 15], [100_000, 1]] as const)
      for (let n = 0; n < times; n += 1) {
        const text = body(pair * 1e6 + n * 1000, lines)
        const at = performance.now(); const cpu = process.cpuUsage()
        await installation.import(`${{ 10: 'small', 900: 'medium', 100000: 'large' }[lines]}/${n}.jsonl`, text)
        ;(result[`${lines} ${name}`] ??= []).push(performance.now() - at); const { user, system } = process.cpuUsage(cpu); (result[`${lines} ${name} cpu`] ??= []).push((user + system) / 1000)
      }
    await installation[Symbol.asyncDispose]()
  }
for (const [k, v] of Object.entries(result)) console.log(k, median(v).toFixed(1), v.length > 6 ? '' : v.map((x) => x.toFixed(0)).join(' '))
await sink[Symbol.asyncDispose]()
process.exit(0)
