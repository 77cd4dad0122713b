/** Uses names that never occur again, in its own process, so that its memory can be limited. argv: what uses them. Prints how many. */
import { NameFingerprints } from '../../../lambda/survey/fingerprint.ts'
import { toRequest } from '../../../lambda/parse/request.ts'

const NAMES = 60_000
/** All names together take 120 MB. */
const NAME_CHARACTERS = 2_000

const fingerprints = new NameFingerprints()
const USES: Readonly<Record<string, (name: string) => unknown>> = {
  'a request': (name) => toRequest({ kind: 'set', person: 'a', time: 1, properties: [[name, 'x']] }, 'key'),
  'a preview': (name) => fingerprints.of(name),
}

const use = USES[process.argv[2] ?? '']
if (use === undefined) throw new Error('unknown use')
for (let index = 0; index < NAMES; index += 1) use(`${index}-`.padEnd(NAME_CHARACTERS, 'x'))
console.log(NAMES)
