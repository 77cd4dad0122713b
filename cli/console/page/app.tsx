import { Component, type ComponentChildren } from 'preact'
import { announcement } from './announce.ts'
import { ConfirmDialog } from './components/confirm-dialog.tsx'
import { Notice } from './components/notice.tsx'
import { ConnectionNotice } from './connection-notice.tsx'
import { HelpView } from './help/help-view.tsx'
import { ImportView } from './imports/import-view.tsx'
import { ImportsView } from './imports/imports-view.tsx'
import { PageHeader } from './page-header.tsx'
import { PersonView } from './person/person-view.tsx'
import { FixLinesView } from './rejected/fix-lines-view.tsx'
import { RejectedLinesView } from './rejected/rejected-lines-view.tsx'
import type { Route } from './route.ts'
import { useRoute } from './use-route.ts'

export function App() {
  const route = useRoute()
  return (
    <>
      <a
        class="skip-link"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          document.querySelector('main')?.focus()
        }}
      >
        Skip to content
      </a>
      <PageHeader route={route} />
      <main id="main" tabIndex={-1}>
        <ConnectionNotice />
        <ErrorBoundary key={viewKey(route)}>
          <View route={route} />
        </ErrorBoundary>
      </main>
      <Announcer />
      <ConfirmDialog />
    </>
  )
}

function View({ route }: { readonly route: Route }) {
  switch (route.kind) {
    case 'imports':
      return <ImportsView />
    case 'import':
      return <ImportView id={route.id} />
    case 'rejected':
      return <RejectedLinesView route={route} />
    case 'fix':
      return <FixLinesView />
    case 'person':
      return <PersonView id={route.id} />
    case 'help':
      return <HelpView reason={route.reason} />
  }
}

/** Differs between views, but not between filters of the same view: only a new view moves the focus. */
function viewKey(route: Route): string {
  return route.kind === 'import' || route.kind === 'person' ? `${route.kind} ${route.id ?? ''}` : route.kind
}

/** If a view throws, the others still work, and edited lines survive. */
class ErrorBoundary extends Component<{ readonly children: ComponentChildren }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false }

  override componentDidCatch(error: unknown): void {
    console.error(error)
    this.setState({ hasFailed: true })
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children
    return (
      <Notice tone="error" role="alert">
        This view failed. Choose another view above, or reload the page. Edited lines stay.
      </Notice>
    )
  }
}

function Announcer() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite" aria-label="Notifications">
      {announcement.value}
    </div>
  )
}
