import { confirm } from '../components/confirm-dialog.tsx'
import { ForeignText } from '../components/text.tsx'
import { counted } from '../format.ts'
import { isTestMode, targetName } from '../target.tsx'
import { importFile, type ChosenFile } from './chosen-files.ts'
import { importLabel } from './import-label.ts'

/** Uploads a file. Asks before, unless the lines go to the Kissmetrics emulator. @param isAgain even if a file with this name exists */
export async function startImport(chosen: ChosenFile, isAgain: boolean): Promise<void> {
  if (isTestMode.value || (await confirmImport(chosen))) importFile(chosen.number, isAgain)
}

/** Uploads several checked files, after one question. */
export async function startImports(files: readonly ChosenFile[]): Promise<void> {
  if (isTestMode.value || (await confirmImports(files))) for (const { number } of files) importFile(number)
}

function confirmImports(files: readonly ChosenFile[]): Promise<boolean> {
  const lines = files.reduce((sum, { check }) => sum + (check?.ready ?? 0), 0)
  const aliases = files.reduce((sum, { check }) => sum + (check?.content?.summary.commands.alias ?? 0), 0)
  const action = `Import ${counted(files.length, 'file')} to ${targetName.value}`
  return confirm({
    title: `${action}?`,
    text: (
      <>
        <p>{counted(lines, 'line')} can be sent.</p>
        <AliasNote aliases={aliases} />
      </>
    ),
    action,
    isSending: true,
  })
}

function AliasNote({ aliases }: { readonly aliases: number }) {
  if (aliases === 0) return null
  return (
    <p>
      <strong>{counted(aliases, 'alias merges people', 'aliases merge people')}. No merge can be undone.</strong>
    </p>
  )
}

function confirmImport({ file, check }: ChosenFile): Promise<boolean> {
  const aliases = check?.content?.summary.commands.alias ?? 0
  return confirm({
    title: `${importLabel(check)}?`,
    text: (
      <>
        <p>
          <ForeignText text={file.name} max={120} />
        </p>
        <AliasNote aliases={aliases} />
        {check?.extent !== 'complete' && <p>The file was not checked completely.</p>}
      </>
    ),
    action: importLabel(check),
    isSending: true,
  })
}
