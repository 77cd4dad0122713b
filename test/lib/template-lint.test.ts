import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { makeApp } from './deployed.ts'

// AWS's own checker of templates, a program in Python.
const isHere = spawnSync('cfn-lint', ['--version']).status === 0
if (!isHere)
  console.warn('SKIPPED: cfn-lint is not installed here (pip install cfn-lint), so the template was not checked by it.')

;(isHere ? test : test.skip)(
  'cfn-lint finds no fault with the template, also no small one',
  () => {
    const { app, stack, remove } = makeApp()
    const dir = mkdtempSync(path.join(tmpdir(), 'template-lint-'))
    const file = path.join(dir, 'template.json')
    writeFileSync(file, JSON.stringify(app.synth().getStackByName(stack.stackName).template))
    // W3005: CDK makes the function wait for its role in words as well, though it names it.
    const options = ['--regions', 'us-east-1', 'eu-west-1', '--ignore-checks', 'W3005']
    const { status, stdout } = spawnSync('cfn-lint', ['--template', file, ...options], { encoding: 'utf8' })
    rmSync(dir, { recursive: true })
    remove()
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  },
  120_000,
)
