import { signal } from '@preact/signals'
import { FILE_SUFFIXES, INCOMING_PREFIX, isImportName } from '../../../../lambda/keys.ts'
import { isAborted, messageOf, Refused, upload } from '../api-client.ts'
import { announce } from '../announce.ts'
import { currentImports, expectedImports, expectImport, findExpected, stopExpecting } from '../expected-imports.ts'
import { overview } from '../overview.ts'
import { checkFile, type FileOutlook } from './check-file.ts'

/** A file that a person has chosen, on its way to being a drop. */
export interface ChosenFile {
  readonly number: number
  readonly file: File
  readonly stage: Stage
  /** What it would do, as far as it was looked at. */
  readonly outlook?: FileOutlook
}

export type Stage =
  | { readonly kind: 'unfit'; readonly why: string }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'checking' }
  | { readonly kind: 'checked' }
  | { readonly kind: 'queued' }
  | { readonly kind: 'uploading'; readonly share: number }
  /** A drop of that name is there already. */
  | { readonly kind: 'known'; readonly why: string }
  | { readonly kind: 'handed-over'; readonly key: string }
  | { readonly kind: 'failed'; readonly why: string }

export const chosenFiles = signal<readonly ChosenFile[]>([])

/** So much is looked at before the import; it takes some seconds. */
const MOST_CHECKED_BYTES = 256 * 1024 ** 2
/** Amazon S3, PutObject: the largest object of one request. */
const MOST_BYTES = 5 * 1024 ** 3

let lastNumber = 0
const checks = new Map<number, AbortController>()
const uploads = new Map<number, AbortController>()
let checking: Promise<void> = Promise.resolve()
let uploading: Promise<void> = Promise.resolve()

export function isUploading(): boolean {
  return chosenFiles.value.some(({ stage }) => stage.kind === 'uploading' || stage.kind === 'queued')
}

export function chooseFiles(files: Iterable<File>): void {
  const chosen = Array.from(files, (file): ChosenFile => {
    const why = unfitness(file)
    return { number: (lastNumber += 1), file, stage: why === undefined ? { kind: 'waiting' } : { kind: 'unfit', why } }
  })
  chosenFiles.value = [...chosenFiles.value, ...chosen]
  for (const { number, stage } of chosen) if (stage.kind === 'waiting') checking = checking.then(() => check(number)) // one by one
}

/** Away from the list, and nothing more is done with it. */
export function dismiss(number: number): void {
  checks.get(number)?.abort()
  uploads.get(number)?.abort()
  chosenFiles.value = chosenFiles.value.filter((chosen) => chosen.number !== number)
}

/** @param isAgain also where a drop of that name is there */
export function importFile(number: number, isAgain = false): void {
  checks.get(number)?.abort()
  change(number, { stage: { kind: 'queued' } })
  uploading = uploading.then(() => handOver(number, isAgain))
}

/** Files whose drops can be seen by now have done their part. */
export function dismissFinished(): void {
  const rest = chosenFiles.value.filter(({ stage }) => {
    const wait = stage.kind === 'handed-over' ? expectedImports.value.get(stage.key) : undefined
    return wait === undefined || stage.kind !== 'handed-over' || findExpected(overview.value, stage.key, wait) === undefined
  })
  if (rest.length < chosenFiles.value.length) chosenFiles.value = rest
}

function unfitness({ name, size }: File): string | undefined {
  if (!isImportName(`${INCOMING_PREFIX}${name}`))
    return `Its name has to end with ${FILE_SUFFIXES.join(', ')}, in small letters. Rename the file, and choose it again.`
  if (size === 0) return 'It is empty.'
  return size > MOST_BYTES ? 'It is larger than 5 GiB. Cut it into several files, or have it put into the bucket.' : undefined
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
    const outlook = await checkFile(chosen.file, {
      signal: controller.signal,
      mostBytes: MOST_CHECKED_BYTES,
      onProgress: (partly) => {
        change(number, { outlook: partly })
      },
    })
    change(number, { stage: { kind: 'checked' }, outlook })
    announce(`${chosen.file.name} was checked.`)
  } catch (error) {
    if (!controller.signal.aborted) change(number, { stage: { kind: 'failed', why: messageOf(error) } })
  } finally {
    checks.delete(number)
  }
}

async function handOver(number: number, isAgain: boolean): Promise<void> {
  const chosen = find(number)
  if (chosen === undefined) return
  const key = `${INCOMING_PREFIX}${chosen.file.name}`
  if (!isAgain && overview.value?.files.some(({ report }) => report.file.key === key) === true) {
    change(number, { stage: { kind: 'known', why: 'A file of this name was imported before.' } })
    return
  }
  const controller = new AbortController()
  uploads.set(number, controller)
  const onProgress = (share: number) => {
    change(number, { stage: { kind: 'uploading', share } })
  }
  onProgress(0)
  try {
    const { outlook } = chosen
    expectImport(key, outlook?.extent === 'whole' ? outlook.lines : undefined, currentImports())
    await upload(chosen.file, isAgain, onProgress, controller.signal)
    change(number, { stage: { kind: 'handed-over', key } })
    announce(`${chosen.file.name} was handed over. Its import begins.`)
  } catch (error) {
    stopExpecting(key)
    if (isAborted(error)) return
    const kind = error instanceof Refused && error.status === 409 ? 'known' : 'failed'
    change(number, { stage: { kind, why: messageOf(error) } })
  } finally {
    uploads.delete(number)
  }
}
