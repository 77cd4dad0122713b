import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { makeApp } from './deployed.ts'

// cfn-lint is AWS's checker of templates, written in Python.
const isInstalled = spawnSync('cfn-lint', ['--version']).status === 0
if (!isInstalled) console.warn('SKIPPED: cfn-lint is not installed (pip install cfn-lint), so it did not check the template.')

;(isInstalled ? test : test.skip)(
  'cfn-lint reports no error and no warning',
  () => {
    const { app, stack, remove } = makeApp()
    const dir = mkdtempSync(path.join(tmpdir(), 'template-lint-'))
    const file = path.join(dir, 'template.json')
    writeFileSync(file, JSON.stringify(app.synth().getStackByName(stack.stackName).template))
    // W3005: CDK adds a DependsOn from the function to its role, although the function refers to the role anyway.
    const options = ['--regions', 'us-east-1', 'eu-west-1', '--ignore-checks', 'W3005']
    const { status, stdout } = spawnSync('cfn-lint', ['--template', file, ...options], { encoding: 'utf8' })
    rmSync(dir, { recursive: true })
    remove()
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  },
  120_000,
)
