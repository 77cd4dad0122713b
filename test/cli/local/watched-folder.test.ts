import { watch } from 'node:fs'
import { appendFile, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { DeleteObjectCommand, GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { startLocalServices, type LocalServices } from '../../../cli/local/services.ts'
import { WatchedFolder, type WatchedFolderOptions } from '../../../cli/local/watched-folder.ts'
import { RULES_KEY } from '../../../lambda/keys.ts'
import { RULES_SCHEMA } from '../../../lambda/rules/rule-set.ts'
import { eventually, TEST_WIRING } from '../../support/installation.ts'

/** A file that was written this long ago is quiet; one that was written five times as long ago is finished. */
const QUIET_MS = 60_000
const QUIET_AGE_MS = 2 * QUIET_MS
const FINISHED_AGE_MS = 10 * QUIET_MS

const [ONE, TWO, THREE] = ['{"_p":"a","_t":1,"_n":"One"}\n', '{"_p":"a","_t":2,"_n":"Two"}\n', '{"_p":"a","_t":3,"_n":"Three"}\n']

let services: LocalServices
let root: string
let folder: string
let count = 0

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'km-watched-'))
  services = await startLocalServices(path.join(root, 'state'), 0, TEST_WIRING)
})
afterAll(async () => {
  await services.stop()
  await rm(root, { recursive: true })
})
beforeEach(async () => {
  count += 1
  folder = path.join(root, `folder-${count}`)
  await mkdir(folder)
})

const prefix = () => `incoming/${count}/`

async function write(name: string, content: string | Buffer, ageMs = QUIET_AGE_MS): Promise<void> {
  const file = path.join(folder, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content)
  const time = new Date(Date.now() - ageMs)
  await utimes(file, time, time)
}

interface Seen {
  readonly problems: string[]
  readonly notes: string[]
}

function watchedFolder(quietMs: number, { problems, notes }: Seen, more: Partial<WatchedFolderOptions> = {}): WatchedFolder {
  return new WatchedFolder(services.s3, {
    folder,
    bucket: BUCKET,
    prefix: prefix(),
    quietMs,
    onSkipped: (file, why) => problems.push(`${path.relative(folder, file)} skipped: ${why}`),
    onProblem: (file, problem) => problems.push(`${path.relative(folder, file)} ${problem}`),
    checkRoom: () => Promise.resolve(),
    onNote: (note) => notes.push(note),
    onError: (error) => problems.push(String(error)),
    ...more,
  })
}

/** A start of the program: looks at every file once. */
async function look(): Promise<Seen> {
  const seen: Seen = { problems: [], notes: [] }
  const watched = watchedFolder(QUIET_MS, seen)
  watched.start()
  while (watched.isBusy) await setImmediate()
  await watched.stop()
  return seen
}

/** Everything that was ever uploaded, the oldest first, as `name: content`. */
async function uploads(): Promise<readonly string[]> {
  const { Versions = [] } = await services.s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: prefix() }))
  const written = services.writes.writtenAfter(0, BUCKET, prefix()).map(({ key }) => key)
  const sorted = Versions.toReversed().toSorted((a, b) => written.indexOf(a.Key ?? '') - written.indexOf(b.Key ?? ''))
  return Promise.all(
    sorted.map(async ({ Key = '', VersionId }) => {
      const { Body } = await services.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, VersionId }))
      return `${Key.slice(prefix().length)}: ${(await Body?.transformToString('latin1')) ?? ''}`
    }),
  )
}

describe('a file that has changed', () => {
  // prettier-ignore
  test.each<[string, readonly (readonly [content: string, ageMs: number])[], readonly string[]]>([
    //  what                                                  contents, each with its age                                       uploads
    [ 'the same content with another date: nothing',          [[ONE, QUIET_AGE_MS], [ONE, FINISHED_AGE_MS]],                    [`a.json: ${ONE}`] ],
    [ 'lines were appended: only these',                      [[ONE, QUIET_AGE_MS], [ONE + TWO, QUIET_AGE_MS]],                 [`a.json: ${ONE}`, `a.from-byte-${ONE.length}.json: ${TWO}`] ],
    [ 'and again',                                            [[ONE, QUIET_AGE_MS], [ONE + TWO, QUIET_AGE_MS], [ONE + TWO + THREE, QUIET_AGE_MS]],
                                                              [`a.json: ${ONE}`, `a.from-byte-${ONE.length}.json: ${TWO}`, `a.from-byte-${ONE.length + TWO.length}.json: ${THREE}`] ],
    [ 'the first line has changed: the whole file',           [[ONE, QUIET_AGE_MS], [TWO + ONE, QUIET_AGE_MS]],                 [`a.json: ${ONE}`, `a.json: ${TWO}${ONE}`] ],
    [ 'an appended line has changed: the whole file',         [[ONE, QUIET_AGE_MS], [ONE + TWO, QUIET_AGE_MS], [ONE + THREE + TWO, QUIET_AGE_MS]],
                                                              [`a.from-byte-${ONE.length}.json: ${TWO}`, `a.json: ${ONE}`, `a.json: ${ONE}${THREE}${TWO}`] ],
    [ 'it is shorter: the whole file',                        [[ONE + TWO, QUIET_AGE_MS], [ONE, QUIET_AGE_MS]],                 [`a.json: ${ONE}${TWO}`, `a.json: ${ONE}`] ],
    [ 'it was empty: the whole file',                         [['', FINISHED_AGE_MS], [ONE, QUIET_AGE_MS]],                     ['a.json: ', `a.json: ${ONE}`] ],
    [ 'an empty file waits: it may have been created a moment ago', [['', QUIET_AGE_MS]],                                     [] ],
    [ 'until something is written',                           [['', QUIET_AGE_MS], [ONE, QUIET_AGE_MS]],                        [`a.json: ${ONE}`] ],
    [ 'half a line at the end waits',                         [[`${ONE}{"_p":`, QUIET_AGE_MS]],                                 [`a.json: ${ONE}`] ],
    [ 'nothing but half a line waits',                        [['{"_p":', QUIET_AGE_MS]],                                       [] ],
    [ 'until it is whole',                                    [[`${ONE}{"_p":`, QUIET_AGE_MS], [ONE + TWO, QUIET_AGE_MS]],      [`a.json: ${ONE}`, `a.from-byte-${ONE.length}.json: ${TWO}`] ],
    [ 'or the file is finished',                              [[`${ONE}{"_p":`, QUIET_AGE_MS], [`${ONE}{"_p":`, FINISHED_AGE_MS]], [`a.json: ${ONE}`, `a.from-byte-${ONE.length}.json: {"_p":`] ],
    [ 'finished, and continued: the whole line',              [[ONE + TWO.slice(0, 9), FINISHED_AGE_MS], [ONE + TWO, QUIET_AGE_MS]], [`a.json: ${ONE}${TWO.slice(0, 9)}`, `a.from-byte-${ONE.length + 9}.json: ${TWO}`] ],
    [ 'a whole last line without line end does not wait',     [[ONE + TWO.trim(), QUIET_AGE_MS]],                               [`a.json: ${ONE}${TWO.trim()}`] ],
    [ 'and is not repeated when lines follow',                [[ONE.trim(), QUIET_AGE_MS], [ONE + TWO, QUIET_AGE_MS]],          [`a.json: ${ONE.trim()}`, `a.from-byte-${ONE.length - 1}.json: \n${TWO}`] ],
    [ 'a file that is being written waits',                   [[ONE, 0]],                                                       [] ],
  ])('%s', async (_what, contents, expected) => {
    for (const [content, ageMs] of contents) {
      await write('a.json', content, ageMs)
      expect(await look()).toEqual({ problems: [], notes: [] })
    }
    expect((await uploads()).toSorted()).toEqual(expected.toSorted())
  })

  test('a compressed file: the whole file, because its lines cannot be told apart', async () => {
    const [first, second] = [gzipSync(ONE), Buffer.concat([gzipSync(ONE), gzipSync(TWO)])]
    await write('a.json.gz', first)
    await look()
    await write('a.json.gz', second)
    await look()
    expect(await uploads()).toEqual([`a.json.gz: ${first.toString('latin1')}`, `a.json.gz: ${second.toString('latin1')}`])
  })

  test('lines that were appended to an earlier file of this name do not count', async () => {
    for (const content of [ONE, ONE + TWO, THREE, ONE]) {
      await write('a.json', content)
      await look()
    }
    await write('a.json', ONE + TWO)
    await look()
    expect((await uploads()).filter((upload) => upload.includes('Two'))).toEqual([
      `a.from-byte-${ONE.length}.json: ${TWO}`,
      `a.from-byte-${ONE.length}.json: ${TWO}`,
    ])
  })
})

test('a file that is written line by line arrives whole, each line once', async () => {
  const lines = Array.from({ length: 60 }, (_, index) => `{"_p":"p${index}","_t":1,"_n":"Signed Up"}\n`)
  // Half a line that stays for five times as long is taken for the last line, so a busy computer needs more time than it can lose.
  const watched = watchedFolder(1_000, { problems: [], notes: [] })
  watched.start()
  const uploaded = (person: string) =>
    eventually(person, async () => ((await uploads()).join('').includes(`"${person}"`) ? true : undefined))
  for (const [index, line] of lines.entries()) {
    // Half lines, as a program writes them whose buffer is full.
    await appendFile(path.join(folder, 'a.jsonl'), line.slice(0, 10))
    await (index === 30 ? uploaded('p29') : setImmediate())
    await appendFile(path.join(folder, 'a.jsonl'), line.slice(10))
  }
  await uploaded('p59')
  await watched.stop()
  const text = (await uploads()).map((upload) => upload.slice(upload.indexOf(': ') + 2)).join('')
  expect(text.split('\n').toSorted()).toEqual(lines.join('').split('\n').toSorted())
})

test('a file that is added later, in a new folder, is uploaded', async () => {
  // Long enough that it is never quiet before its date is set to that of an older file.
  const watched = watchedFolder(QUIET_MS, { problems: [], notes: [] })
  watched.start()
  while (watched.isBusy) await setImmediate()
  await write('new/deep/late.json', ONE)
  await eventually('the upload', async () => ((await uploads()).length === 1 ? true : undefined))
  await watched.stop()
  expect(await uploads()).toEqual([`new/deep/late.json: ${ONE}`])
})

test('if the watches of the operating system are used up, new files are searched for, and one line says so', async () => {
  const seen: Seen = { problems: [], notes: [] }
  const noWatch = (): never => {
    throw Object.assign(new Error('System limit for number of file watchers reached'), { code: 'ENOSPC' })
  }
  await write('folder/a.json', ONE)
  const watched = watchedFolder(QUIET_MS, seen, { watch: noWatch, pollMs: 10 })
  watched.start()
  await eventually('the first file', async () => ((await uploads()).length === 1 ? true : undefined))
  await write('late.json', TWO)
  await eventually('the second file', async () => ((await uploads()).length === 2 ? true : undefined))
  await watched.stop()
  expect(seen).toEqual({
    problems: [],
    notes: ['Not all folders can be watched (ENOSPC), so new files are searched for every 0.01 s.'],
  })
})

test('a file that the disk has no room for is not uploaded', async () => {
  const errors: Error[] = []
  const lines = ONE.repeat(1_000)
  await write('a.json', lines)
  const watched = watchedFolder(
    QUIET_MS,
    { problems: [], notes: [] },
    {
      checkRoom: (bytes) => Promise.reject(new Error(`no room for ${bytes}`)),
      onError: (error) => errors.push(error),
    },
  )
  watched.start()
  while (watched.isBusy) await setImmediate()
  await watched.stop()
  expect(errors).toEqual([new Error(`no room for ${lines.length}`)])
  expect(await uploads()).toEqual([])
})

test('after it was stopped, no folder is watched any more', async () => {
  let watchers = 0
  const counted = ((...args: Parameters<typeof watch>) => {
    watchers += 1
    return watch(...args).once('close', () => (watchers -= 1))
  }) as typeof watch
  await write('folder/a.json', ONE)
  const watched = watchedFolder(QUIET_MS, { problems: [], notes: [] }, { watch: counted })
  watched.start()
  await watched.stop() // while the folder is still being searched
  await setImmediate()
  expect(watchers).toBe(0)
})

describe('what cannot be uploaded is reported in one line each, and the rest is uploaded', () => {
  // prettier-ignore
  test.each<[string, () => Promise<void>, readonly string[]]>([
    //  what                        how it comes about                                                     reported
    [ 'a link that leads nowhere',  () => symlink('nowhere.json', path.join(folder, 'lost.json')),         ['lost.json could not be read (ENOENT). Give yourself access to it, or remove it from the folder'] ],
    [ 'a link to itself',           () => symlink('self.json', path.join(folder, 'self.json')),            ['self.json could not be read (ELOOP). Give yourself access to it, or remove it from the folder'] ],
    [ 'a loop of folders',          () => symlink('.', path.join(folder, 'again')),                        ['FOLDER/again leads to the same folder as FOLDER, which is imported.'] ],
    [ 'another name',               () => write('table.txt', 'a,b\n'),                                     ['table.txt skipped: The object is not a file of lines for Kissmetrics (none of its first lines has `_p`). Nothing was sent. If it should be imported, upload it under a name that ends with .jsonl.'] ],
    [ 'a key that is too long',     () => write(`${'d/'.repeat(2)}${'x'.repeat(200)}/`.repeat(5) + 'a.json', ONE), ['LONG has a path that is longer than the 1,024 bytes of an S3 key. Shorten it'] ],
  ])('%s', async (_what, make, expected) => {
    await write('a.json', ONE)
    await make()
    const { problems, notes } = await look()
    expect([...problems, ...notes].map((problem) => problem.replaceAll(folder, 'FOLDER').replace(/^d\/\S+/, 'LONG'))).toEqual(expected)
    expect(await uploads()).toEqual([`a.json: ${ONE}`])
  })

  test('each time that its content changes, a skipped file is looked at again', async () => {
    await write('0000_part_00', '')
    const seen: Seen = { problems: [], notes: [] }
    const watched = watchedFolder(1, seen)
    watched.start()
    await eventually('the note', () => Promise.resolve(seen.problems[0]))
    await write('0000_part_00', ONE)
    await eventually('the upload', async () => ((await uploads()).length === 1 ? true : undefined))
    await watched.stop()
    expect(await uploads()).toEqual([`0000_part_00: ${ONE}`])
    expect(seen.problems).toHaveLength(1)
  })

  test('a table with another name is uploaded, as a whole, if import rules know its columns', async () => {
    const rules = [{ fix: 'columns', mapping: { columns: { Who: '_p', When: '_t', What: '_n' } } }]
    const document = JSON.stringify({ schema: RULES_SCHEMA, prefixes: [{ prefix: prefix(), rules }] })
    const put = (Body: string) => services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: RULES_KEY, Body }))
    await write('export.txt', 'Who,When,What\nbob,1393344604,Paid')
    expect((await look()).problems).toEqual([expect.stringMatching(/^export\.txt skipped: /)])
    await put(document)
    expect(await look()).toEqual({ problems: [], notes: [] })
    expect(await uploads()).toEqual(['export.txt: Who,When,What\nbob,1393344604,Paid'])

    // Rules that cannot be read do not decide: the importer waits for them.
    await write('other.txt', 'Who,When,What\n')
    await put('not JSON')
    expect(await look()).toEqual({ problems: [], notes: [] })
    expect(await uploads()).toHaveLength(2)
    await services.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: RULES_KEY }))
  })

  test('hidden and temporary files are not mentioned', async () => {
    await write('.hidden.json', ONE)
    await write('half.json.part', ONE)
    await write('.git/a.json', ONE)
    expect(await look()).toEqual({ problems: [], notes: [] })
    expect(await uploads()).toEqual([])
  })
})
