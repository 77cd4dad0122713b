import './page.css'
import { Component, render, type ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Asker } from './dialog.tsx'
import { ImportDetailView } from './imports/import-detail.tsx'
import { ImportsView } from './imports/imports.tsx'
import { chooseFiles, isUploading } from './imports/files.ts'
import { draftCount, hasUnsentChanges } from './rejected/drafts.ts'
import { RejectedView } from './rejected/rejected-lines.tsx'
import { FixView } from './rejected/fix-line.tsx'
import { nearEnd } from './rejected/use-rejected-lines.ts'
import { pollNow, startPolling } from './polling.ts'
import { connectionError, overview } from './overview.ts'
import { Notice, Sign } from './components.tsx'
import { hrefOf, rejectedHref, readRoute, type Route } from './route.ts'
import { counted, grouped } from './format.ts'
import { announcement } from './announce.ts'

function Page() {
  const route = useRoute()
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          document.querySelector('main')?.focus()
        }}
      >
        Skip to the content
      </a>
      <PageHeader route={route} />
      <main id="main" tabIndex={-1}>
        <Trouble />
        <Guard key={viewOf(route)}>
          <View route={route} />
        </Guard>
      </main>
      <Announcer />
      <Asker />
    </>
  )
}

/** One view that fails must not take the others with it, nor what was written in them. */
class Guard extends Component<{ readonly children: ComponentChildren }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false }

  override componentDidCatch(error: unknown): void {
    console.error(error)
    this.setState({ hasFailed: true })
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children
    return (
      <Notice tone="bad" role="alert">
        This view failed. Choose another one above, or load the page again; nothing was sent by it.
      </Notice>
    )
  }
}

function View({ route }: { readonly route: Route }) {
  switch (route.kind) {
    case 'files':
      return <ImportsView />
    case 'file':
      return <ImportDetailView id={route.id} />
    case 'rejected':
      return <RejectedView route={route} />
    case 'fix':
      return <FixView />
  }
}

/** What is another view, and not the same with another filter: only then the focus moves. */
function viewOf(route: Route): string {
  return route.kind === 'file' ? `drop ${route.id}` : route.kind
}

function PageHeader({ route }: { readonly route: Route }) {
  const { deployment, emulator, waiting } = overview.value ?? {}
  const onDesk = draftCount.value
  const { nearTheirEnd } = nearEnd.value
  const near = Math.max(nearTheirEnd, waiting?.nearTheirEnd ?? 0)
  const messages = waiting?.messages ?? 0
  const link = (words: string, href: string, isHere: boolean, count?: number) => (
    <li>
      <a href={href} aria-current={isHere ? 'page' : undefined}>
        {words}
        {count !== undefined && count > 0 && <span class="count">{grouped(count)}</span>}
      </a>
    </li>
  )
  return (
    <header class="head">
      <div class="name">
        <strong>Kissmetrics importer</strong>
        {deployment !== undefined && <span class="soft">{deployment}</span>}
      </div>
      <nav aria-label="Main">
        <ul>
          {link('Imports', '#/', route.kind === 'files' || route.kind === 'file')}
          {link('What came back', rejectedHref({}), route.kind === 'rejected', waiting?.deadLetters)}
          {onDesk > 0 && link('Mend', hrefOf({ kind: 'fix' }), route.kind === 'fix', onDesk)}
        </ul>
      </nav>
      <div class="waits">
        {messages > 0 && <span class="soft">{counted(messages, 'import waits', 'imports wait')}</span>}
        {near > 0 && (
          <a class="state warn" href={rejectedHref({}, 0, 'end')}>
            <Sign tone="warn" />
            {counted(near, 'line')} soon forgotten
          </a>
        )}
        {emulator !== undefined && (
          <a class="soft" href={emulator} target="_blank" rel="noreferrer">
            Stand-in for Kissmetrics
          </a>
        )}
      </div>
    </header>
  )
}

/** Goes away by itself as soon as the console answers again. */
function Trouble() {
  if (connectionError.value === undefined) return null
  const { message, isUnreachable } = connectionError.value
  return (
    <Notice tone="bad" role="alert">
      <strong>{isUnreachable ? 'The console has stopped.' : 'The console cannot tell what goes on.'}</strong>{' '}
      {isUnreachable ? (
        <>
          Start it again with <code>km-import console</code>, and open the address that it prints. What you see here is what was
          last known.
        </>
      ) : (
        message
      )}
    </Notice>
  )
}

function Announcer() {
  const text = announcement.value
  return (
    <div class="hidden" role="status" aria-live="polite" aria-label="News">
      {text}
    </div>
  )
}

function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash))
  useEffect(() => {
    const look = () => {
      setRoute(readRoute(location.hash))
      pollNow()
    }
    addEventListener('hashchange', look)
    return () => {
      removeEventListener('hashchange', look)
    }
  }, [])
  useEffect(() => {
    document.title = `${TITLES[route.kind]} – Kissmetrics importer`
  }, [route.kind])
  return route
}

const TITLES: Readonly<Record<Route['kind'], string>> = {
  files: 'Imports',
  file: 'Import',
  rejected: 'What came back',
  fix: 'Mend',
}

/** A browser that is given a file beside the place for it would leave the page and show the file. */
function takeFiles(): void {
  addEventListener('dragover', (event) => {
    event.preventDefault()
  })
  addEventListener('drop', (event) => {
    event.preventDefault()
    const files = event.dataTransfer?.files
    if (files === undefined || files.length === 0) return
    location.hash = hrefOf({ kind: 'files' })
    chooseFiles(files)
  })
}

/** Lines that were changed are only here, and an upload ends with the page. */
function guardLeaving(): void {
  addEventListener('beforeunload', (event) => {
    if (hasUnsentChanges() || isUploading()) event.preventDefault()
  })
}

const deployment = document.querySelector('#page')
if (deployment !== null) {
  takeFiles()
  guardLeaving()
  startPolling({ isUploading })
  render(<Page />, deployment)
}
