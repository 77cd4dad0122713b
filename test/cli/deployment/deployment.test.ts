import { spawnSync } from 'node:child_process'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { findDeployment, localDeployment } from '../../../cli/deployment/deployment.ts'
import { announce, refuseSecond } from '../../../cli/deployment/running.ts'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { startLocalServices, type LocalServices } from '../../../cli/local/services.ts'
import { TEST_WIRING } from '../../support/installation.ts'

let cloudFolder: string
let cloud: LocalServices
beforeAll(async () => {
  cloudFolder = await mkdtemp(path.join(tmpdir(), 'km-deployment-'))
  cloud = await startLocalServices(cloudFolder, 0, TEST_WIRING)
})
afterAll(async () => {
  await cloud.stop()
  await rm(cloudFolder, { recursive: true })
})

let stateDir: string
beforeEach(async () => {
  stateDir = await mkdtemp(path.join(cloudFolder, 'state-'))
  await copyFile(path.join(cloudFolder, 'credentials.json'), path.join(stateDir, 'credentials.json'))
})

const NOT_RUNNING =
  /^No importer runs with the state folder ".*"\. Start one with npm start, or choose another one with --state-dir or --stack\.$/

describe('the importer on this computer', () => {
  test('is found by its state folder while it runs', async () => {
    await using _announced = await announce(stateDir, cloud, { emulatorUrl: 'http://127.0.0.1:1' })
    const found = await findDeployment({ stateDir })
    const { s3: _s3, sqs: _sqs, ...addresses } = localDeployment(cloud, 'http://127.0.0.1:1')
    expect(found).toMatchObject({ ...addresses, name: 'this computer', bucket: BUCKET })
  })

  test('has no emulator URL if lines go to Kissmetrics', async () => {
    await using _announced = await announce(stateDir, cloud)
    expect(await findDeployment({ stateDir })).not.toHaveProperty('emulatorUrl')
  })

  test('is not found after it has stopped', async () => {
    const announced = await announce(stateDir, cloud)
    await announced[Symbol.asyncDispose]()
    await expect(findDeployment({ stateDir })).rejects.toThrow(NOT_RUNNING)
  })

  test('is not reached without its credentials, and none are drawn for it', async () => {
    await using _announced = await announce(stateDir, cloud)
    await rm(path.join(stateDir, 'credentials.json'))
    await expect(findDeployment({ stateDir })).rejects.toThrow(
      /credentials\.json is missing\. Stop the importer that runs with this state folder, and start it again\.$/,
    )
    expect(await readdir(stateDir)).toEqual(['running.json'])
  })

  test('is not found after it was killed, although its file remains', async () => {
    await using _announced = await announce(stateDir, cloud)
    const file = path.join(stateDir, 'running.json')
    const addresses = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...addresses, s3Url: 'http://127.0.0.1:1' }))
    await expect(findDeployment({ stateDir })).rejects.toThrow(NOT_RUNNING)
  })
})

describe('a second start with the same state folder', () => {
  const file = () => path.join(stateDir, 'running.json')
  /** As another process writes it. */
  const announcedBy = async (pid: number) => {
    await using _announced = await announce(stateDir, cloud, { consoleUrl: 'http://127.0.0.1:2/t/', watchedDir: '/drop' })
    const text = await readFile(file(), 'utf8')
    await writeFile(file(), JSON.stringify({ ...(JSON.parse(text) as object), pid }))
    await refuseSecond(stateDir)
  }

  test('is refused, with the address of the first', async () => {
    await expect(announcedBy(process.ppid)).rejects.toThrow(
      `An importer already runs with the state folder "${stateDir}": it imports from /drop, and has its page at http://127.0.0.1:2/t/. ` +
        `Use that one, or stop it (kill ${process.ppid}); or name another folder with --state-dir.`,
    )
  })

  test('is allowed if the first was killed, although another program has its port', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0'])
    await expect(announcedBy(pid)).resolves.toBeUndefined()
  })
})
