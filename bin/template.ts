/**
 * npm run template -- [-c NAME=VALUE …]: writes what CloudFormation needs to deploy the importer without the CDK, into cdk.out/cloudformation:
 * the template, with the settings of km-import.settings.json and those of the command line, and the code of the function.
 */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { App } from 'aws-cdk-lib/core'
import { zipSync, type Zippable } from 'fflate'
import { codeFromParameters } from '../lib/code-from-parameters.ts'
import { addImporterStack } from '../lib/importer-app.ts'
import { bundleFunction } from './function-bundle.ts'

const ROOT = path.join(import.meta.dirname, '..')

/** Lambda runs as another user, so everybody may read the files. */
const UNIX = 3
const READABLE = 0o100644 << 16
/** The first date that zip knows: the same files always make the same bytes. */
const DATE = '1980-01-01T00:00:00'

const { values } = parseArgs({
  options: {
    context: { type: 'string', short: 'c', multiple: true, default: [] },
    output: { type: 'string', short: 'o', default: path.join(ROOT, 'cdk.out', 'cloudformation') },
  },
})
const given = Object.fromEntries(
  values.context.map((text) => {
    const [name = '', ...value] = text.split('=')
    return [name, value.join('=')]
  }),
)
await using temporary = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'km-template-'))
temporary.defer(() => rm(folder, { recursive: true, force: true }))

const { context } = JSON.parse(await readFile(path.join(ROOT, 'cdk.json'), 'utf8')) as { context: Record<string, unknown> }
// The code is bundled below.
const app = new App({ outdir: path.join(folder, 'app'), context: { ...context, 'aws:cdk:bundling-stacks': [] } })
const stack = addImporterStack(app, given, { synthesizer: codeFromParameters() })
if (stack !== undefined) {
  const { template } = app.synth().getStackByName(stack.stackName) as { readonly template: object }
  const code = await zippedFunction()
  await rm(values.output, { recursive: true, force: true })
  await mkdir(values.output, { recursive: true })
  // New code has a new name, because CloudFormation takes code under the same name for the same code.
  const codeFile = `function-${createHash('sha256').update(code).digest('hex').slice(0, 16)}.zip`
  await writeFile(path.join(values.output, `${stack.stackName}.template.json`), `${JSON.stringify(template, null, 1)}\n`)
  await writeFile(path.join(values.output, codeFile), code)
  const where = path.relative(process.cwd(), values.output)
  console.log(`${where} has ${stack.stackName}.template.json and ${codeFile}. docs/deploy.md says how to deploy them.`)
}

async function zippedFunction(): Promise<Uint8Array> {
  const bundle = path.join(folder, 'function')
  await bundleFunction(bundle)
  const files: Zippable = {}
  for (const name of (await readdir(bundle)).toSorted())
    files[name] = [await readFile(path.join(bundle, name)), { level: 9, os: UNIX, attrs: READABLE, mtime: DATE }]
  return zipSync(files)
}
