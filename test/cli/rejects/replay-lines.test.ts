import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { replayLines } from '../../../cli/rejects/replay-lines.ts'
import { ReplayRecords } from '../../../cli/rejects/replay-records.ts'
import { ReplayUpload, type EditedLine } from '../../../cli/rejects/replay-upload.ts'
import { scanDeadLetters } from '../../../cli/rejects/scan.ts'
import { deadLetterOf, NEVER, TestDeployment } from './fixtures.ts'

let cloud: TestDeployment
beforeAll(async () => {
  cloud = await TestDeployment.start()
})
afterEach(() => cloud.purge())
afterAll(() => cloud[Symbol.asyncDispose]())

async function queueLines(...lines: readonly string[]): Promise<readonly EditedLine[]> {
  return Promise.all(lines.map(async (line) => ({ id: await cloud.queue(deadLetterOf(line)), line })))
}

/** The lines of all files that `action` uploads, sorted. */
async function sentBy(action: () => Promise<unknown>): Promise<readonly string[]> {
  const before = new Set((await uploads()).map(({ versionId }) => versionId))
  await action()
  const added = (await uploads()).filter(({ versionId }) => !before.has(versionId))
  const texts = await Promise.all(added.map(({ key, versionId }) => cloud.read(key, versionId)))
  return texts.flatMap((text) => text.trimEnd().split('\n')).sort()
}

/** Each version of each file that replays have uploaded: each of them is imported. */
async function uploads(): Promise<readonly { readonly key: string; readonly versionId: string }[]> {
  const { Versions = [] } = await cloud.deployment.s3.send(
    new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'incoming/replays/' }),
  )
  return Versions.map(({ Key = '', VersionId = '' }) => ({ key: Key, versionId: VersionId }))
}

const replay = (lines: readonly EditedLine[]) => replayLines(cloud.deployment, lines, NEVER)

describe('a replay', () => {
  test('uploads the lines as one file, then removes their dead letters', async () => {
    const lines = await queueLines('{"a":1}', '{"b":2}')
    const { key = '', ...counts } = await replay(lines)
    expect(counts).toEqual({ lines: 2, uploadedBefore: 0, missing: 0 })
    expect(key).toMatch(/^incoming\/replays\/replay-[0-9a-f]{16}\.json$/)
    expect(await cloud.read(key)).toBe('{"a":1}\n{"b":2}\n')
    expect(await cloud.queued()).toBe(0)
  })

  test('leaves the dead letters of other lines', async () => {
    const lines = await queueLines('{"a":1}', '{"b":2}')
    const other = await cloud.queue(deadLetterOf('{"c":3}'))
    await replay(lines)
    expect(await cloud.visible()).toEqual([other])
  })

  test('removes a dead letter from which the user has made two lines', async () => {
    const [{ id }] = (await queueLines('two objects')) as [EditedLine]
    expect(await sentBy(() => replay([{ id, line: '{"a":1}' }, { id, line: '{"b":2}' }]))).toEqual(['{"a":1}', '{"b":2}']) // prettier-ignore
    expect(await cloud.queued()).toBe(0)
  })

  test('that was interrupted after the upload only removes the dead letters, and sends nothing twice', async () => {
    const lines = await queueLines('{"a":1}', '{"a":1}')
    const upload = new ReplayUpload(cloud.deployment, lines)
    await upload.uploadedLines()
    await upload.upload(lines)
    let result
    const sent = await sentBy(async () => {
      result = await replay(lines)
    })
    expect(result).toEqual({ key: undefined, lines: 0, uploadedBefore: 2, missing: 0 })
    expect(sent).toEqual([])
    expect(await cloud.queued()).toBe(0)
  })

  test('that was interrupted in its second part uploads the rest as a part of its own', async () => {
    const lines = await queueLines('{"a":1}', '{"b":2}')
    const upload = new ReplayUpload(cloud.deployment, lines)
    await upload.uploadedLines()
    await upload.upload(lines.slice(0, 1))
    const { key = '', ...counts } = await replay(lines)
    expect(counts).toEqual({ lines: 1, uploadedBefore: 1, missing: 0 })
    expect(key).toMatch(/-2\.json$/)
    expect(await cloud.read(key)).toBe('{"b":2}\n')
  })

  test('of some of its lines, edited again, does not send what an interrupted one had sent', async () => {
    const [first, second] = (await queueLines('{"a":1}', '{"b":2}')) as [EditedLine, EditedLine]
    const upload = new ReplayUpload(cloud.deployment, [first, second])
    const records = new ReplayRecords(cloud.deployment)
    await records.write({ file: upload.nextKey, run: upload.run }, [first.id, second.id])
    // Before the upload, the record of a replay means nothing.
    expect(await records.sentIds()).toEqual(new Map())
    await upload.upload([first, second])
    const again = [{ ...second, line: '{"b":3}' }]
    expect(await replay(again)).toEqual({ key: undefined, lines: 0, uploadedBefore: 1, missing: 0 })
    expect(await cloud.visible()).toEqual([first.id])
    await records.remove(upload.run)
    expect(await records.sentIds()).toEqual(new Map())
  })

  test('sends nothing while a newer version may not have finished one: its record says which lines were sent', async () => {
    const lines = await queueLines('{"a":1}')
    const record = 'checkpoints/replays/newer.json'
    await cloud.put(record, JSON.stringify({ schema: 'kissmetrics-importer/replay/v2' }))
    const refused = `${record} was written by a newer version of the importer. Use that version again, or a later one.`
    expect(await sentBy(() => expect(replay(lines)).rejects.toThrow(refused))).toEqual([])
    await cloud.deployment.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: record }))
    expect(await replay(lines)).toMatchObject({ lines: 1, missing: 0 })
  })

  test('whose file another run of it has uploaded with other lines uploads nothing; with the same lines, it counts as uploaded', async () => {
    const lines = await queueLines('{"a":1}')
    const other = lines.map(({ id }) => ({ id, line: '{"a":2}' }))
    const runs = [lines, other, lines].map((some) => new ReplayUpload(cloud.deployment, some))
    const key = runs[0]!.nextKey
    expect([await runs[0]!.upload(lines), await runs[1]!.upload(other), await runs[2]!.upload(lines)]).toEqual([
      true,
      false,
      true,
    ])
    expect(await cloud.read(key)).toBe('{"a":1}\n')
    expect((await uploads()).filter((upload) => upload.key === key)).toHaveLength(1)
  })

  test('does not take the file of another run for its own', async () => {
    const lines = await queueLines('{"a":1}')
    const [one, other] = [new ReplayUpload(cloud.deployment, lines), new ReplayUpload(cloud.deployment, lines)]
    const records = new ReplayRecords(cloud.deployment)
    await records.write({ file: one.nextKey, run: one.run }, ['never sent'])
    await other.upload(lines)
    expect(await records.sentIds()).toEqual(new Map())
    await records.remove(one.run)
  })

  test('does not send a line whose dead letter is not there', async () => {
    const result = await replay([{ id: 'gone', line: '{"a":1}' }])
    expect(result).toEqual({ key: undefined, lines: 0, uploadedBefore: 0, missing: 1 })
  })

  test('of the same lines, rejected again as new dead letters, is a new file', async () => {
    const [first] = await queueLines('{"a":1}')
    const [second] = await queueLines('{"a":1}')
    expect(await sentBy(() => replay([first!]))).toHaveLength(1)
    expect(await sentBy(() => replay([second!]))).toHaveLength(1)
  })
})

describe('two replays at the same time send each archived dead letter once', () => {
  let run = 0
  /** Archives dead letters. @returns one line for each, with a text of its own */
  async function archiveLines(count: number): Promise<readonly EditedLine[]> {
    run += 1
    const ids = Array.from({ length: count }, (_, index) => `archived-${run}-${index}`)
    await cloud.archiveAll(ids, deadLetterOf('{}'), 'old')
    return ids.map((id) => ({ id, line: `{"id":"${id}"}` }))
  }
  const OTHER = { file: 'incoming/replays/replay-of-another.json', run: 'another' }
  const edited = (lines: readonly EditedLine[], by: string) =>
    lines.map(({ id }) => ({ id, line: `{"id":"${id}","by":"${by}"}` }))
  const idsIn = (sent: readonly string[]) => sent.map((line) => (JSON.parse(line) as { id: string }).id).sort()

  // prettier-ignore
  test.each<[string, (lines: readonly EditedLine[]) => readonly (readonly EditedLine[])[]]>([
    [ 'with the same lines',             (lines) => [lines, lines] ],
    [ 'in another order',                (lines) => [lines, lines.toReversed()] ],
    [ 'edited by two people',            (lines) => [edited(lines, 'a'), edited(lines, 'b')] ],
    [ 'of sets that overlap',            (lines) => [lines.slice(0, 4), lines.slice(2)] ],
    [ 'one of them with fewer lines',    (lines) => [lines, lines.slice(1, 3)] ],
    [ 'three of them',                   (lines) => [lines, edited(lines, 'a'), lines.slice(1)] ],
  ])('%s', async (_what, replays) => {
    const lines = await archiveLines(6)
    const ids = lines.map(({ id }) => id).sort()
    expect(idsIn(await sentBy(() => Promise.all(replays(lines).map((some) => replay(some)))))).toEqual(ids)
    // What the loser left is not sent by its next run either.
    expect(await sentBy(async () => { for (const some of replays(lines)) await replay(some) })).toEqual([])
    expect(await sentBy(() => replay(edited(lines, 'late')))).toEqual([])
  })

  test('and one that was killed after its upload is not sent again with another text, but removed', async () => {
    const lines = await archiveLines(2)
    const upload = new ReplayUpload(cloud.deployment, lines)
    await cloud.claim(lines, { file: upload.nextKey, run: upload.run })
    await upload.upload(lines)
    const others = edited(lines, 'other').slice(0, 1)
    expect(await replay(others)).toMatchObject({ lines: 0, uploadedBefore: 1, missing: 0 })
    expect(await replay(others)).toMatchObject({ lines: 0, uploadedBefore: 0, missing: 1 })
  })

  test('and one that was killed before its upload holds them for five minutes', async () => {
    const lines = await archiveLines(2)
    await cloud.claim(lines, OTHER)
    expect(await replay(lines)).toMatchObject({ lines: 0, uploadedBefore: 0, missing: 2 })
    await cloud.claim(lines, OTHER, new Date(Date.now() - 301_000))
    expect(await replay(lines)).toMatchObject({ lines: 2, uploadedBefore: 0, missing: 0 })
  })
})

describe('a replay while another command reads the queue', () => {
  test('of a dead letter that is archived, and in the queue where another reader holds it, sends it once', async () => {
    const [line] = (await queueLines('{"a":1}')) as [EditedLine]
    await cloud.archive(line.id, deadLetterOf('{"a":1}'), 'old')
    const other = await scanDeadLetters(cloud.deployment, () => true, NEVER)
    // A second reader of the same files, without the queue: what the first one holds there is not touched.
    expect(await sentBy(() => replay([line]))).toEqual(['{"a":1}'])
    await other[Symbol.asyncDispose]()
    expect(await cloud.queued()).toBe(1)
    let result
    expect(await sentBy(async () => { result = await replay([{ ...line, line: '{"a":2}' }]) })).toEqual([]) // prettier-ignore
    expect(result).toMatchObject({ uploadedBefore: 1, missing: 0 })
    expect(await cloud.queued()).toBe(0)
  })
})
