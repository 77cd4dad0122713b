import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'synth-'))
})
afterAll(() => {
  rmSync(dir, { recursive: true })
})

/** Runs the CDK as a user would; if the system allows it, in a network namespace without any connection. */
function runCdk(outDir: string, ...args: string[]) {
  const cdk = [process.execPath, 'node_modules/aws-cdk/bin/cdk', ...args, '--output', path.join(dir, outDir)]
  const canIsolate = spawnSync('unshare', ['-rn', 'true']).status === 0
  const [command = '', ...rest] = canIsolate ? ['unshare', '-rn', ...cdk] : cdk
  const PATH = [path.resolve('node_modules/.bin'), process.env['PATH']].join(path.delimiter) // as npm and npx set it
  return spawnSync(command, rest, { encoding: 'utf8', env: { ...process.env, PATH, CDK_DISABLE_CLI_TELEMETRY: 'true' } })
}

const read = (outDir: string, file: string) =>
  JSON.parse(readFileSync(path.join(dir, outDir, file), 'utf8')) as Record<string, unknown>

describe('cdk synth, offline', () => {
  test('bundles the function into one file that loads without node_modules', () => {
    const { status, stderr } = runCdk('whole', 'synth', '--quiet')
    expect(status === 0 ? 'synthesized' : stderr).toBe('synthesized')
    const { files } = read('whole', 'KissmetricsImporter.assets.json') as {
      files: Record<string, { source: { path: string; packaging: string } }>
    }
    const code = Object.values(files).find(({ source }) => source.packaging === 'zip')
    const bundle = path.join(dir, 'whole', code?.source.path ?? '', 'index.mjs')
    const env = {
      AWS_REGION: 'eu-west-1',
      KM_API_KEY_SECRET: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:kissmetrics-AbCdEf',
      KM_BUCKET: 'files',
      KM_IMPORT_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/import',
      KM_DEAD_LETTER_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/dead-letters',
    }
    const load = `const { handler } = await import(${JSON.stringify(bundle)}); console.log(typeof handler); process.exit()`
    // In a folder without node_modules, like on Lambda.
    expect(
      spawnSync(process.execPath, ['--input-type=module', '--eval', load], { encoding: 'utf8', cwd: dir, env }),
    ).toMatchObject({
      stdout: 'function\n',
      stderr: '',
    })
  })

  test('names the stack after the product', () => {
    // The CDK validates this template as well, so it differs from that of the defaults as much as it can.
    const secret = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:kissmetrics-AbCdEf'
    const settings = [
      'product=web-shop',
      'KM_MAX_IN_FLIGHT=16',
      'maximumConcurrency=7',
      'maxReceiveCount=12',
      `apiKeySecretArn=${secret}`,
    ]
    // `cdk list` makes and validates the template too, but does not bundle the function again.
    const { status, stdout, stderr } = runCdk('product', 'list', ...settings.flatMap((setting) => ['-c', setting]))
    expect(status === 0 ? stdout : stderr).toBe('KissmetricsImporter-web-shop\n')
    expect(readdirSync(path.join(dir, 'product'))).toContain('validation-report.json')
    expect(JSON.stringify(read('product', 'KissmetricsImporter-web-shop.template.json'))).toContain('"KM_MAX_IN_FLIGHT":"16"')
  })

  test('reports an invalid setting in one sentence, without a stack trace', () => {
    const { status, stderr } = runCdk('refused', 'synth', '--quiet', '-c', 'maximumConcurrency=1')
    expect(status).toBe(1)
    expect(stderr).toContain(
      'maximumConcurrency is "1": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.\n',
    )
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

test('the app reads km-import.settings.json, and a setting on the command line takes precedence', () => {
  const cwd = mkdtempSync(path.join(dir, 'app-'))
  writeFileSync(path.join(cwd, 'km-import.settings.json'), '{"product": "web-shop", "memoryMb": 2048}')
  // As `cdk` runs it, but without bundling and the CDK's validation of the template, which the tests above include.
  const env = {
    ...process.env,
    CDK_VALIDATION: 'false',
    CDK_OUTDIR: path.join(cwd, 'out'),
    CDK_CONTEXT_JSON: JSON.stringify({ product: 'app', 'aws:cdk:bundling-stacks': [] }),
  }
  const { status, stderr } = spawnSync(process.execPath, [path.resolve('bin/app.ts')], { cwd, env, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const template = readFileSync(path.join(cwd, 'out', 'KissmetricsImporter-app.template.json'), 'utf8')
  expect(template).toContain('"MemorySize": 2048')
})
