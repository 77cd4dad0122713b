import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { codeFromParameters } from '../../lib/code-from-parameters.ts'
import { makeApp } from './deployed.ts'

// cfn-lint is AWS's checker of templates, written in Python.
const isInstalled = (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, 'cfn-lint')))
if (!isInstalled) console.warn('SKIPPED: cfn-lint is not installed (pip install cfn-lint), so it did not check the template.')

;(isInstalled ? test : test.skip)(
  'cfn-lint reports no error and no warning, for the template of the CDK and the one without it',
  () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'template-lint-'))
    const files = [{}, { synthesizer: codeFromParameters() }].map((props, index) => {
      const { app, stack, remove } = makeApp({}, undefined, props)
      const file = path.join(dir, `template-${index}.json`)
      writeFileSync(file, JSON.stringify(app.synth().getStackByName(stack.stackName).template))
      remove()
      return file
    })
    // W3005: CDK adds a DependsOn from the function to its role, although the function refers to the role anyway.
    const options = ['--regions', 'us-east-1', 'eu-west-1', '--ignore-checks', 'W3005']
    const { status, stdout } = spawnSync('cfn-lint', [...options, '--', ...files], { encoding: 'utf8' })
    rmSync(dir, { recursive: true })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  },
)
