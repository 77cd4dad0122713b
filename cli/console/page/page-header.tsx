import { Status } from './components/icon.tsx'
import { counted, grouped } from './format.ts'
import { overview } from './overview.ts'
import './page-header.css'
import { draftCount } from './rejected/drafts.ts'
import { expiringSoon } from './rejected/use-rejected-lines.ts'
import { hrefOf, rejectedHref, type Route } from './route.ts'
import { ModeBadge, TargetLink } from './target.tsx'

export function PageHeader({ route }: { readonly route: Route }) {
  const { deployment, target, waiting } = overview.value ?? {}
  const messages = waiting?.messages ?? 0
  const expiring = Math.max(expiringSoon.value, waiting?.expiringSoon ?? 0)
  const drafts = draftCount.value
  return (
    <header class="page-header">
      <div class="name">
        <strong>Kissmetrics importer</strong>
        {deployment !== undefined && <span class="muted">{deployment}</span>}
        <ModeBadge />
        {target !== undefined && (
          <small>
            <TargetLink />
          </small>
        )}
      </div>
      <nav aria-label="Main">
        <ul>
          <NavItem label="Imports" href="#/" isCurrent={route.kind === 'imports' || route.kind === 'import'} />
          <NavItem
            label="Rejected lines"
            href={rejectedHref({})}
            isCurrent={route.kind === 'rejected'}
            count={waiting?.deadLetters ?? 0}
          />
          {drafts > 0 && <NavItem label="Fix" href={hrefOf({ kind: 'fix' })} isCurrent={route.kind === 'fix'} count={drafts} />}
          <NavItem label="Find a person" href={hrefOf({ kind: 'person' })} isCurrent={route.kind === 'person'} />
          <NavItem label="Help" href={hrefOf({ kind: 'help' })} isCurrent={route.kind === 'help'} />
        </ul>
      </nav>
      <div class="header-status">
        {messages > 0 && <span class="muted">{counted(messages, 'import')} waiting</span>}
        {expiring > 0 && (
          <a href={rejectedHref({}, 0, 'expiry')}>
            <Status tone="warning">{counted(expiring, 'line expires', 'lines expire')} soon</Status>
          </a>
        )}
      </div>
    </header>
  )
}

interface NavItemProps {
  readonly label: string
  readonly href: string
  readonly isCurrent: boolean
  readonly count?: number
}

function NavItem({ label, href, isCurrent, count = 0 }: NavItemProps) {
  return (
    <li>
      <a href={href} aria-current={isCurrent ? 'page' : undefined}>
        {label}
        {count > 0 && <span class="count">{grouped(count)}</span>}
      </a>
    </li>
  )
}
