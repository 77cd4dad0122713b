import { beforeEach, describe, expect, test } from '@jest/globals'
import type { FileAnswer } from '../../../lambda/answers/file-answer.ts'
import { expectedBody } from '../../../lambda/intake/answer-task.ts'
import { readMessage } from '../../../lambda/intake/message.ts'
import { handleMessage } from '../../../lambda/jobs/dispatch.ts'
import type { ListedFile } from '../../../lambda/ports.ts'
import { invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const AT = '2026-01-02T06:00:00Z'
const DAY_SECONDS = 86_400
const CHECK = { bucket: 'b', prefix: 'incoming/daily/', withinSeconds: DAY_SECONDS, at: AT }

const received: FileAnswer[] = []
let cloud: MemoryCloud
beforeEach(() => {
  received.length = 0
  const push = (answer: FileAnswer) => {
    received.push(answer)
    return Promise.resolve({ kind: 'accepted' } as const)
  }
  cloud = new MemoryCloud({ answers: { channels: [{ name: 'topic', push }], commandOptions: '' } })
})

function uploaded(key: string, at: string): ListedFile {
  return { file: { bucket: 'b', key, versionId: 'v' }, lastModified: new Date(at), isLatest: true }
}

async function check(body = expectedBody(CHECK), ending = new AbortController().signal): Promise<void> {
  const work = [body]
  for (let next = work.shift(); next !== undefined; next = work.shift()) {
    const message = next
    await handleMessage(() => readMessage(message), cloud.ports, invocation({ ending }))
    work.push(...cloud.sent.splice(0).map((sent) => sent.body))
  }
}

describe('a file is expected every day', () => {
  test.each<[string, readonly ListedFile[], boolean]>([
    ['none has ever come', [], true],
    ['the last one is older than a day', [uploaded('incoming/daily/1.jsonl', '2026-01-01T05:59:59Z')], true],
    ['one has come within the day', [uploaded('incoming/daily/2.jsonl', '2026-01-01T06:00:00Z')], false],
    ['one has come under another prefix', [uploaded('incoming/weekly/2.jsonl', '2026-01-02T05:00:00Z')], true],
    [
      'an old one comes first in the listing',
      [uploaded('incoming/daily/a.jsonl', '2025-01-01T00:00:00Z'), uploaded('incoming/daily/b.jsonl', '2026-01-02T00:00:00Z')],
      false,
    ],
  ])('%s', async (_name, listed, isMissing) => {
    cloud.listed = listed
    await check()
    expect(received.map(({ subject }) => subject)).toEqual(
      isMissing ? ['incoming/daily/: no file came since 2026-01-01 06:00 UTC'] : [],
    )
    expect(cloud.counted.some(({ metric }) => metric === 'ExpectedFilesMissing')).toBe(isMissing)
  })

  test('each period is answered once, whatever is delivered twice', async () => {
    await check()
    await check()
    expect(received).toHaveLength(1)
    await check(expectedBody({ ...CHECK, at: '2026-01-03T06:00:00Z' }))
    expect(received).toHaveLength(2)
  })

  test('a listing that takes too long is continued by a new message', async () => {
    const pages = [
      [uploaded('incoming/daily/1.jsonl', '2025-01-01T00:00:00Z')],
      [uploaded('incoming/daily/2.jsonl', '2026-01-02T00:00:00Z')],
    ]
    const asked: (string | undefined)[] = []
    const listing = {
      ...cloud.ports.listing,
      async *pages(after?: { readonly key: string }) {
        asked.push(after?.key)
        yield* await Promise.resolve(pages.filter(([listed]) => after === undefined || listed!.file.key > after.key))
      },
    }
    const ports = { ...cloud.ports, listing }
    await handleMessage(() => readMessage(expectedBody(CHECK)), ports, invocation({ ending: AbortSignal.abort() }))
    expect(cloud.sent).toHaveLength(1)
    await handleMessage(() => readMessage(cloud.sent[0]!.body), ports, invocation())
    expect(asked).toEqual([undefined, 'incoming/daily/1.jsonl'])
    expect(cloud.codes).toEqual(['expected_file_came'])
  })
})

test.each([
  ['no prefix', { ...CHECK, prefix: undefined }],
  ['no time', { ...CHECK, at: 'soon' }],
  ['no window', { ...CHECK, withinSeconds: 0 }],
])('a message that is damaged (%s) says so', async (_name, damaged) => {
  await check(expectedBody(damaged as typeof CHECK))
  expect(cloud.codes).toEqual(['message_unknown'])
})
