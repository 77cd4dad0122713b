import './tokens.css'
import './base.css'
import './controls.css'
import './tables.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { chooseFiles, isUploading } from './imports/chosen-files.ts'
import { startPolling } from './polling.ts'
import { hasUnsentChanges } from './rejected/drafts.ts'
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

/** Asks before the page closes: edited lines exist only here, and a running upload would stop. */
function confirmLeaving(): void {
  addEventListener('beforeunload', (event) => {
    if (hasUnsentChanges() || isUploading()) event.preventDefault()
  })
}

const root = document.querySelector('#page')
if (root !== null) {
  acceptDroppedFiles()
  confirmLeaving()
  startPolling({ isUploading })
  render(<App />, root)
}
