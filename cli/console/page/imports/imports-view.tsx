import { ViewTitle } from '../components/view-title.tsx'
import { grouped } from '../format.ts'
import { importLimit, overview } from '../overview.ts'
import { BrakePanel } from './brake-panel.tsx'
import { FirstVisit } from './first-visit.tsx'
import { ImportTable } from './import-table.tsx'
import { UploadPanel } from './upload-panel.tsx'

const MAX_IMPORTS = 200
const MORE_IMPORTS = 50

/** The start view: upload files, and see the latest imports. */
export function ImportsView() {
  return (
    <>
      <ViewTitle>Imports</ViewTitle>
      <UploadPanel />
      <section aria-labelledby="imports-title">
        <h2 id="imports-title">Latest imports</h2>
        <BrakePanel />
        <LatestImports />
      </section>
    </>
  )
}

function LatestImports() {
  if (overview.value === undefined) return <p class="muted">Loading…</p>
  const { imports, newer, total } = overview.value
  const shown = imports.length + newer.length
  if (shown === 0) return <FirstVisit />
  return (
    <>
      <ImportTable imports={imports} newer={newer} />
      {total > shown && (
        <p class="muted">
          The newest {grouped(shown)} of {grouped(total)}.{' '}
          {importLimit.value < MAX_IMPORTS && (
            <button
              type="button"
              onClick={() => {
                importLimit.value = Math.min(MAX_IMPORTS, importLimit.value + MORE_IMPORTS)
              }}
            >
              Show more
            </button>
          )}
        </p>
      )}
    </>
  )
}
