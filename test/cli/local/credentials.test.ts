import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { awsProfileVariables, openCredentials, writeAwsProfile } from '../../../cli/local/credentials.ts'

let stateDir: string
beforeEach(async () => {
  stateDir = path.join(await mkdtemp(path.join(tmpdir(), 'km-credentials-')), 'state')
})
afterEach(() => rm(path.dirname(stateDir), { recursive: true }))

const modeOf = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8)

test('each state folder has its own credentials, and keeps them', async () => {
  const first = await openCredentials(stateDir)
  expect(await openCredentials(stateDir)).toEqual(first)
  const other = await openCredentials(`${stateDir}-2`)
  expect(
    new Set([first, other].flatMap(({ accessKeyId, secretAccessKey, apiKey }) => [accessKeyId, secretAccessKey, apiKey])).size,
  ).toBe(6)
  expect(first.apiKey).toMatch(/^[0-9a-f]{40}$/)
})

test('only their owner can read them', async () => {
  await writeAwsProfile(stateDir, await openCredentials(stateDir), { s3Url: 'http://127.0.0.1:1', sqsUrl: 'http://127.0.0.1:2' })
  expect(await modeOf(stateDir)).toBe('700')
  for (const name of ['credentials.json', 'aws-credentials', 'aws-config'])
    expect(await modeOf(path.join(stateDir, name))).toBe('600')
})

test('a damaged file is named', async () => {
  await openCredentials(stateDir)
  await writeFile(path.join(stateDir, 'credentials.json'), '{')
  await expect(openCredentials(stateDir)).rejects.toThrow(
    /credentials\.json is damaged\. Delete it: the next start writes a new one\.$/,
  )
})

test('the profile has the form that the AWS command line reads, and the printed variables name it, also with a space in the path', async () => {
  const dir = `${stateDir} with space`
  await writeAwsProfile(dir, await openCredentials(dir), { s3Url: 'http://127.0.0.1:1', sqsUrl: 'http://127.0.0.1:2' })
  const shown = execFileSync('sh', ['-c', `${awsProfileVariables(dir)} sh -c 'cat "$AWS_CONFIG_FILE"'`], { encoding: 'utf8' })
  expect(shown).toBe(await readFile(path.join(dir, 'aws-config'), 'utf8'))
  expect(shown).toMatch(
    /^\[default\]\nregion = us-east-1\nservices = emulators\n\n\[services emulators\]\ns3 =\n {2}endpoint_url = http:\/\/127\.0\.0\.1:1\n/,
  )
})
