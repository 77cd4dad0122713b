import './tokens.css'
import './base.css'
import './controls.css'
import './tables.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { chooseFiles, isUploading } from './imports/chosen-files.ts'
import { startPolling } from './polling.ts'
import { drafts, hasUnsentChanges } from './rejected/drafts.ts'
import { loadDrafts, storeDrafts } from './rejected/stored-drafts.ts'
import { hrefOf } from './route.ts'

/** Accepts files dropped anywhere on the page. By default a browser would leave the page and show the file. */
function acceptDroppedFiles(): void {
  addEventListener('dragover', (event) => {
    event.preventDefault()
  })
  addEventListener('drop', (event) => {
    event.preventDefault()
    const files = event.dataTransfer?.files
    if (files === undefined || files.length === 0) return
    location.hash = hrefOf({ kind: 'imports' })
    chooseFiles(files)
  })
}

/** Keeps edited lines over a reload or a crash of the tab. Not over its end: other pages may have this address later. */
function keepDrafts(): void {
  drafts.value = loadDrafts(sessionStorage)
  drafts.subscribe((lines) => {
    areDraftsKept = storeDrafts(sessionStorage, lines)
  })
}

let areDraftsKept = true

/** Asks before the page closes: edited lines that are not kept exist only here, and a running upload would stop. */
function confirmLeaving(): void {
  addEventListener('beforeunload', (event) => {
    if ((hasUnsentChanges() && !areDraftsKept) || isUploading()) event.preventDefault()
  })
}

const root = document.querySelector('#page')
if (root !== null) {
  acceptDroppedFiles()
  keepDrafts()
  confirmLeaving()
  startPolling({ isUploading })
  render(<App />, root)
}
