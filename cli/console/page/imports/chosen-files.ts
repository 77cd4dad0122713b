import { signal } from '@preact/signals'
import { IMPORT_NAMES, INCOMING_PREFIX, isImportName } from '../../../../lambda/keys.ts'
import { announce } from '../announce.ts'
import { ConsoleError, fetchCheckContext, isAborted, messageOf, upload } from '../api-client.ts'
import { currentImports, expectedImports, expectImport, findExpected, stopExpecting } from '../expected-imports.ts'
import { overview } from '../overview.ts'
import type { FileCheck } from './check-file.ts'
import { runCheck } from './run-check.ts'

/** A file that the user chose to import. */
export interface ChosenFile {
  readonly number: number
  readonly file: File
  readonly stage: Stage
  /** What the import would do, as far as the file was checked. */
  readonly check?: FileCheck
}

export type Stage =
  | { readonly kind: 'unsuitable'; readonly why: string }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'checking' }
  | { readonly kind: 'checked' }
  | { readonly kind: 'queued' }
  | { readonly kind: 'uploading'; readonly share: number }
  /** A file with the same name was imported before; the user must confirm. */
  | { readonly kind: 'name-exists'; readonly why: string }
  | { readonly kind: 'uploaded'; readonly key: string }
  | { readonly kind: 'failed'; readonly why: string }

export const chosenFiles = signal<readonly ChosenFile[]>([])

/** Unpacked bytes that are checked at most: some minutes of work. */
const MAX_CHECKED_BYTES = 8 * 1024 ** 3
/** Amazon S3, PutObject: the largest object of one request. */
const MAX_BYTES = 5 * 1024 ** 3

let lastNumber = 0
const checks = new Map<number, AbortController>()
const uploads = new Map<number, AbortController>()
let checking: Promise<void> = Promise.resolve()
let uploading: Promise<void> = Promise.resolve()

export function isUploading(): boolean {
  return chosenFiles.value.some(({ stage }) => stage.kind === 'uploading' || stage.kind === 'queued')
}

/** Adds files to the list, and checks them one after the other. */
export function chooseFiles(files: Iterable<File>): void {
  const chosen = Array.from(files, (file): ChosenFile => {
    const why = whyUnsuitable(file)
    return { number: (lastNumber += 1), file, stage: why === undefined ? { kind: 'waiting' } : { kind: 'unsuitable', why } }
  })
  chosenFiles.value = [...chosenFiles.value, ...chosen]
  for (const { number, stage } of chosen) if (stage.kind === 'waiting') checking = checking.then(() => check(number))
}

/** Removes a file from the list, and cancels its check or upload. */
export function dismiss(number: number): void {
  checks.get(number)?.abort()
  uploads.get(number)?.abort()
  chosenFiles.value = chosenFiles.value.filter((chosen) => chosen.number !== number)
}

/** Uploads a file, after those that were queued before. @param isConfirmed even if a file with this name exists */
export function importFile(number: number, isConfirmed = false): void {
  checks.get(number)?.abort()
  change(number, { stage: { kind: 'queued' } })
  uploading = uploading.then(() => runUpload(number, isConfirmed))
}

/** Removes the uploaded files whose import the overview lists. */
export function dismissListed(): void {
  const remaining = chosenFiles.value.filter(({ stage }) => !isListed(stage))
  if (remaining.length < chosenFiles.value.length) chosenFiles.value = remaining
}

function isListed(stage: Stage): boolean {
  if (stage.kind !== 'uploaded') return false
  const expected = expectedImports.value.get(stage.key)
  return expected !== undefined && findExpected(overview.value, stage.key, expected) !== undefined
}

function whyUnsuitable({ name, size }: File): string | undefined {
  if (!isImportName(name)) return `The file name must end with ${IMPORT_NAMES}. Rename the file and choose it again.`
  if (size === 0) return 'The file is empty.'
  return size > MAX_BYTES
    ? 'The file is larger than 5 GiB. Split it into smaller files, or ask your administrator to upload it to the bucket.'
    : undefined
}

function find(number: number): ChosenFile | undefined {
  return chosenFiles.value.find((chosen) => chosen.number === number)
}

function change(number: number, changes: Partial<ChosenFile>): void {
  chosenFiles.value = chosenFiles.value.map((chosen) => (chosen.number === number ? { ...chosen, ...changes } : chosen))
}

async function check(number: number): Promise<void> {
  const chosen = find(number)
  if (chosen?.stage.kind !== 'waiting') return
  const controller = new AbortController()
  checks.set(number, controller)
  change(number, { stage: { kind: 'checking' } })
  try {
    const result = await runCheck(chosen.file, chosen.file.name, {
      signal: controller.signal,
      maxBytes: MAX_CHECKED_BYTES,
      context: await fetchCheckContext(chosen.file.name),
      onProgress: (partial) => {
        change(number, { check: partial })
      },
    })
    change(number, { stage: { kind: 'checked' }, check: result })
    announce(`${chosen.file.name} is checked.`)
  } catch (error) {
    if (!controller.signal.aborted) change(number, { stage: { kind: 'failed', why: messageOf(error) } })
  } finally {
    checks.delete(number)
  }
}

async function runUpload(number: number, isConfirmed: boolean): Promise<void> {
  const chosen = find(number)
  if (chosen === undefined) return
  const key = `${INCOMING_PREFIX}${chosen.file.name}`
  if (!isConfirmed && overview.value?.imports.some(({ report }) => report.file.key === key) === true) {
    change(number, { stage: { kind: 'name-exists', why: 'A file with this name was imported before.' } })
    return
  }
  const controller = new AbortController()
  uploads.set(number, controller)
  const onProgress = (share: number) => {
    change(number, { stage: { kind: 'uploading', share } })
  }
  onProgress(0)
  try {
    const { check } = chosen
    expectImport(key, check?.extent === 'complete' ? check.lines : undefined, currentImports())
    await upload(chosen.file, isConfirmed, onProgress, controller.signal)
    change(number, { stage: { kind: 'uploaded', key } })
    announce(`${chosen.file.name} is uploaded. The import starts.`)
  } catch (error) {
    stopExpecting(key)
    if (isAborted(error)) return
    const kind = error instanceof ConsoleError && error.status === 409 ? 'name-exists' : 'failed'
    change(number, { stage: { kind, why: messageOf(error) } })
  } finally {
    uploads.delete(number)
  }
}
