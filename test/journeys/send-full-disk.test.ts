import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import type { Report } from '../../lambda/report/report.ts'
import { startFaultSink } from '../support/fault-sink.ts'
import { API_KEY } from '../support/installation.ts'
import { PROGRAM } from '../support/program.ts'

/** A disk that only these processes see, and that disappears with them. Linux allows this without root, unless it is turned off. */
const OWN_DISK = ['-rm', '--']
const isAllowed = spawnSync('unshare', [...OWN_DISK, 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0

/** Sends a file on a small disk, frees space, sends it again, and copies the results from the disk. */
const SCRIPT = `
  set -eu
  node=$1; program=$2; folder=$3; endpoint=$4
  mkdir "$folder/disk"
  mount -t tmpfs -o size=256k none "$folder/disk"
  cp "$folder/many.jsonl" "$folder/disk"
  head -c 100000 /dev/zero > "$folder/disk/other"
  cd "$folder/disk"
  code=0; "$node" "$program" send many.jsonl --endpoint "$endpoint" --yes 2> "$folder/full.txt" || code=$?
  echo "$code"
  rm other
  mount -o remount,size=4m "$folder/disk"
  code=0; "$node" "$program" send many.jsonl --endpoint "$endpoint" --yes > "$folder/room.txt" || code=$?
  echo "$code"
  cp many.jsonl.rejected.jsonl many.jsonl.report.json "$folder"
`

const LINES = 1_500
const isBad = (index: number): boolean => index % 5 === 4
const lineAt = (index: number): string =>
  isBad(index) ? `{"_p":"p${index}","_n":"x"}` : `{"_p":"p${index}","_t":1393344604,"_n":"Visited"}`

;(isAllowed ? test : test.skip)('a full disk stops a send before a line is lost; with free space it continues', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'km-full-'))
  try {
    await using sink = await startFaultSink()
    await writeFile(path.join(folder, 'many.jsonl'), Array.from({ length: LINES }, (_, index) => lineAt(index)).join('\n'))
    const { stdout } = await promisify(execFile)(
      'unshare',
      [...OWN_DISK, 'sh', '-c', SCRIPT, 'sh', process.execPath, PROGRAM, folder, sink.url],
      { env: { ...process.env, NODE_OPTIONS: '', KM_API_KEY: API_KEY } },
    )
    expect(stdout).toBe('2\n1\n')

    const message = (await readFile(path.join(folder, 'full.txt'), 'utf8')).replaceAll(/\s+/g, ' ')
    expect(message).toContain('(the disk is full). Free some disk space')
    expect(message).toContain('run the same command to continue')

    const report = JSON.parse(await readFile(path.join(folder, 'many.jsonl.report.json'), 'utf8')) as Report
    const bad = LINES / 5
    expect(report.lines).toMatchObject({ total: LINES, delivered: LINES - bad, rejected: bad })
    const people = new Set([...sink.taken.keys()].map((request) => /[?&]_p=([^&]*)/.exec(request)?.[1]))
    expect(people.size).toBe(LINES - bad)
    const rows = (await readFile(path.join(folder, 'many.jsonl.rejected.jsonl'), 'utf8')).trimEnd().split('\n')
    const numbers = rows.map((row) => (JSON.parse(row) as { readonly source: { readonly line: number } }).source.line)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: bad }, (_, index) => 5 * index + 5))
  } finally {
    await rm(folder, { recursive: true })
  }
})
