import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as v from 'valibot'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What the template is made from; a change in any of them makes it anew. */
const SOURCES = ['bin/app.ts', 'lambda/settings.ts', 'lambda/errors.ts', 'cdk.json', 'package-lock.json']

/** Written last, so that a synthesis that was broken off leaves none. */
const SEAL = 'sources.sha256'

/**
 * The template that `cdk deploy` would deploy, but for the function's code, which is not bundled.
 *
 * It takes some seconds, so the template is kept and only made again when its sources change.
 *
 * @param outDir a folder of its own; made where it is missing
 * @returns path of the template
 * @throws Error with what the stack said, such as a setting in cdk.json that is out of its range
 */
export async function synthesize(outDir: string): Promise<string> {
  await mkdir(outDir, { recursive: true })
  const seal = join(outDir, SEAL)
  const fingerprint = await fingerprintSources()
  const sealed = await readFile(seal, 'utf8').catch(() => '')
  if (sealed !== fingerprint) {
    await rm(seal, { force: true })
    await runApp(outDir)
    await writeFile(seal, fingerprint)
  }
  return join(outDir, await templateFile(outDir))
}

async function fingerprintSources(): Promise<string> {
  const stack = (await readdir(join(ROOT, 'lib'))).sort().map((file) => `lib/${file}`)
  const hash = createHash('sha256').update(process.version)
  for (const path of [...SOURCES, ...stack]) {
    const content = await readFile(join(ROOT, path))
    hash.update(`\n${path} ${content.length}\n`).update(content)
  }
  return hash.digest('hex')
}

async function runApp(outDir: string): Promise<void> {
  // What the CDK's command line does: it hands the context of cdk.json to the app, and says where to write.
  const { context } = v.parse(CdkJson, JSON.parse(await readFile(join(ROOT, 'cdk.json'), 'utf8')))
  const env = {
    ...process.env,
    CDK_OUTDIR: outDir,
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, 'aws:cdk:bundling-stacks': [] }),
  }
  try {
    await promisify(execFile)(process.execPath, [join(ROOT, 'bin/app.ts')], { cwd: ROOT, env })
  } catch (cause) {
    const sentence = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause)
    throw new Error(`The stack in bin/app.ts could not be synthesized, so it is not known how its parts are wired: ${sentence}`, {
      cause,
    })
  }
}

async function templateFile(outDir: string): Promise<string> {
  const { artifacts } = v.parse(Manifest, JSON.parse(await readFile(join(outDir, 'manifest.json'), 'utf8')))
  const files = Object.values(artifacts).flatMap(({ type, properties }) =>
    type === 'aws:cloudformation:stack' && properties?.templateFile !== undefined ? [properties.templateFile] : [],
  )
  const [file] = files
  if (file === undefined || files.length > 1)
    throw new Error(`bin/app.ts made ${files.length} stacks: expected one. Leave one in bin/app.ts.`)
  return file
}

const CdkJson = v.object({ context: v.optional(v.record(v.string(), v.unknown()), {}) })

const Manifest = v.object({
  artifacts: v.record(
    v.string(),
    v.object({ type: v.string(), properties: v.optional(v.object({ templateFile: v.optional(v.string()) })) }),
  ),
})
