import { useSignalEffect } from '@preact/signals'
import { grouped } from '../format.ts'
import { targetName } from '../target.tsx'
import { ChosenFileCard } from './chosen-file-card.tsx'
import { chosenFiles, dismissListed } from './chosen-files.ts'
import { DropZone } from './drop-zone.tsx'
import { canImport } from './import-label.ts'
import { startImports } from './start-import.tsx'
import './upload-panel.css'

/** The upload part of the page: the drop zone, and the files that the user chose. */
export function UploadPanel() {
  useSignalEffect(dismissListed)
  return (
    <section aria-labelledby="upload-title">
      <h2 id="upload-title" class="visually-hidden">
        Import files
      </h2>
      <DropZone />
      {chosenFiles.value.length > 0 && <ChosenFiles />}
    </section>
  )
}

function ChosenFiles() {
  const files = chosenFiles.value
  const ready = files.filter(({ stage, check }) => stage.kind === 'checked' && canImport(check))
  return (
    <>
      <ul class="chosen-files" aria-label="Chosen files">
        {files.map((chosen) => (
          <li key={chosen.number}>
            <ChosenFileCard chosen={chosen} />
          </li>
        ))}
      </ul>
      {ready.length > 1 && (
        <div class="actions">
          <button
            type="button"
            class="main"
            onClick={() => {
              void startImports(ready)
            }}
          >
            Import all {grouped(ready.length)} files to {targetName.value}
          </button>
        </div>
      )}
    </>
  )
}
