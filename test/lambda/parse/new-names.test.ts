import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from '@jest/globals'

test.each(['a request', 'a preview'])('a file with new names in each line does not fill the memory of %s', (use) => {
  const program = path.join(import.meta.dirname, 'new-names-process.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=40', program, use], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: '60000\n' })
})
