import { expect, test } from '@jest/globals'
import { continuousCommand, typedCommand } from '../../../cli/local/typed-command.ts'

const ARGS = ['local', '--once', '--json', '--drop-dir', "./my exports of '24"]

test('the command that was typed can be pasted into a shell', () => {
  expect(typedCommand(ARGS)).toBe(String.raw`npx km-import local --once --json --drop-dir './my exports of '\''24'`)
})

test('the command that keeps running is the same without --once and --json', () => {
  expect(continuousCommand(ARGS)).toBe(String.raw`npx km-import local --drop-dir './my exports of '\''24'`)
})
