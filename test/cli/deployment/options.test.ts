import { describe, expect, test } from '@jest/globals'
import { Command } from 'commander'
import { deploymentOptionsOf, withDeploymentOptions } from '../../../cli/deployment/options.ts'
import type { DeploymentFlags } from '../../../cli/deployment/deployment.ts'

function parse(...args: readonly string[]): DeploymentFlags {
  return withDeploymentOptions(new Command()).parse(args, { from: 'user' }).opts<DeploymentFlags>()
}

describe('the options that choose an importer are repeated in hints', () => {
  // prettier-ignore
  test.each([
    //  what                      typed                                 in a hint
    ['the default',               [],                                   ''],
    ['a stack',                   ['--stack', 'Prod'],                  ' --stack Prod'],
    ['a state folder',            ['--state-dir', '/var/km'],           ' --state-dir /var/km'],
    ['a folder with a space',     ['--state-dir', '/my files'],         ` --state-dir '/my files'`],
    ['a stack wins over a folder', ['--stack', 'P', '--state-dir', 'x'], ' --stack P'],
  ])('%s', (_what, typed, hint) => {
    expect(deploymentOptionsOf(parse(...typed))).toBe(hint)
  })
})
