import { access, appendFile, readFile, writeFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { findFile } from '../../../cli/send/files.ts'
import { SendState } from '../../../cli/send/state.ts'
import { beginCheckpoint, type Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import type { Leased } from '../../../lambda/ports.ts'
import { TestFolder } from './sent-file.ts'

const MONDAY = new Date('2026-01-05T00:00:00Z')
const TUESDAY = new Date('2026-01-06T00:00:00Z')
const KEY = { bucket: 'b', key: 'k' }

const checkpointAt = (line: number, serial: number, run = 'r'): Leased<Checkpoint> => ({
  ...beginCheckpoint(undefined, {
    start: { line, byte: 0 },
    startedAt: MONDAY.toISOString(),
    hasCrashed: false,
    maxRepeats: 0,
    maxUnsaved: 20,
  }),
  leaseHolder: { run, serial, until: 0 },
})

test('a file that was never sent starts now, at its first line', async () => {
  await using folder = await TestFolder.create()
  const state = await SendState.read(await folder.sentFile('a.jsonl', '{}\n'), MONDAY)
  expect(state).toMatchObject({ startedAt: MONDAY, watermarkLine: 0, isOfChangedFile: false, checkpoint: undefined })
  expect(await state.checkpoints.find(KEY)).toBeUndefined()
})

test('a later run continues at the checkpoint, and keeps the date of the start', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  const first = await SendState.read(file, MONDAY)
  await first.checkpoints.put(KEY, checkpointAt(7, 1), undefined)
  const second = await SendState.read(file, TUESDAY)
  expect(second).toMatchObject({ startedAt: MONDAY, watermarkLine: 7, isOfChangedFile: false })
})

test('a changed file starts again, and the user can be told', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  await (await SendState.read(file, MONDAY)).checkpoints.put(KEY, checkpointAt(7, 1), undefined)
  await appendFile(file.path, '{}\n')
  const changed = await SendState.read(await findFile(file.path), TUESDAY)
  expect(changed).toMatchObject({ startedAt: TUESDAY, watermarkLine: 0, isOfChangedFile: true })
})

test('a write fails if another process has written since the last read', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  const [one, other] = [await SendState.read(file, MONDAY), await SendState.read(file, MONDAY)]
  const tag = await one.checkpoints.put(KEY, checkpointAt(1, 1), undefined)
  expect(await other.checkpoints.put(KEY, checkpointAt(1, 1, 'other'), undefined)).toBeUndefined()
  expect(await one.checkpoints.put(KEY, checkpointAt(2, 2), tag)).toBeDefined()
  expect(await one.checkpoints.put(KEY, checkpointAt(3, 3), tag)).toBeUndefined()
  expect((await one.checkpoints.find(KEY))?.value).toMatchObject({ watermark: { line: 2 } })
})

test('of several sends that start at the same time, one gets the file', async () => {
  await using folder = await TestFolder.create()
  for (let round = 0; round < 20; round += 1) {
    const file = await folder.sentFile(`${round}.jsonl`, '{}\n')
    const states = await Promise.all([1, 2, 3].map(() => SendState.read(file, MONDAY)))
    const tags = await Promise.all(
      states.map(({ checkpoints }, index) => checkpoints.put(KEY, checkpointAt(0, 1, `run ${index}`), undefined)),
    )
    const [won] = tags.filter((tag) => tag !== undefined)
    expect(tags.filter((tag) => tag === undefined)).toHaveLength(2)
    expect((await states[0]!.checkpoints.find(KEY))?.tag).toBe(won)
  }
})

// prettier-ignore
test.each(['', 'not JSON', '{}', '{"schema":"kissmetrics-importer/send/v1"}'])('a state file with %j is ignored', async (content) => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  await folder.write('a.jsonl.send-state.json', content)
  expect(await SendState.read(file, MONDAY)).toMatchObject({ watermarkLine: 0, isOfChangedFile: false })
})

test('it is removed when the send has ended', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  const state = await SendState.read(file, MONDAY)
  await state.checkpoints.put(KEY, checkpointAt(1, 1), undefined)
  await state.remove()
  await state.remove()
  await expect(access(file.statePath)).rejects.toThrow('ENOENT')
})

test('the state of a newer version is neither ignored nor replaced: the file would be sent twice', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  const first = await SendState.read(file, MONDAY)
  const tag = await first.checkpoints.put(KEY, checkpointAt(7, 1), undefined)
  for (const kind of ['send', 'checkpoint']) {
    const text = (await readFile(file.statePath, 'utf8')).replace(`${kind}/v1`, `${kind}/v2`)
    await writeFile(file.statePath, text)
    await expect(SendState.read(file, TUESDAY)).rejects.toThrow(`${file.statePath} was written by a newer version`)
    await expect(first.checkpoints.put(KEY, checkpointAt(8, 2), tag)).rejects.toThrow('a newer version')
    expect(await readFile(file.statePath, 'utf8')).toBe(text)
    await writeFile(file.statePath, text.replace(`${kind}/v2`, `${kind}/v1`))
  }
})
