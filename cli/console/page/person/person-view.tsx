import { useState } from 'preact/hooks'
import { Notice } from '../components/notice.tsx'
import { ForeignText } from '../components/text.tsx'
import { ViewTitle } from '../components/view-title.tsx'
import { counted, fileName, grouped } from '../format.ts'
import { overview } from '../overview.ts'
import { hrefOf } from '../route.ts'
import { answerText, hasLines, unknownTexts } from './findings.ts'
import { FoundLines } from './found-lines.tsx'
import './person-view.css'
import { usePersonSearch, type PersonSearch } from './use-person-search.ts'

/** Answers "was this person imported?" from the files themselves. @param id of the only import to search */
export function PersonView({ id }: { readonly id: string | undefined }) {
  const [identity, setIdentity] = useState('')
  const { search, start, stop } = usePersonSearch(id)
  const isRunning = search?.current !== undefined
  return (
    <>
      <ViewTitle>Was this person imported?</ViewTitle>
      <Scope id={id} />
      {/* The form has no action and no name: what is typed stays in this page, and is sent in the body of a request. */}
      <form
        class="person-form"
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault()
          if (identity.trim() !== '') start(identity)
        }}
      >
        <label>
          Email address or other identity
          <input
            type="search"
            autocomplete="off"
            spellcheck={false}
            value={identity}
            onInput={({ currentTarget }) => {
              setIdentity(currentTarget.value)
            }}
          />
        </label>
        <button type="submit" class="main" disabled={identity.trim() === ''}>
          Look up
        </button>
        {isRunning && (
          <button type="button" onClick={stop}>
            Stop
          </button>
        )}
      </form>
      {search !== undefined && <SearchResult search={search} />}
    </>
  )
}

function Scope({ id }: { readonly id: string | undefined }) {
  if (id === undefined)
    return <p class="muted">Searches every line of the latest imports, the newest first. Capitals and spaces do not matter.</p>
  const summary = overview.value?.imports.find((other) => other.id === id)
  return (
    <p class="muted">
      Searches only {summary === undefined ? 'this file' : <ForeignText text={fileName(summary.report.file.key)} max={120} />}.{' '}
      <a href={hrefOf({ kind: 'person' })}>Search all imports</a>
    </p>
  )
}

function SearchResult({ search }: { readonly search: PersonSearch }) {
  const { findings, files, unlisted, current, error, isStopped = false } = search
  if (error !== undefined)
    return (
      <Notice tone="error" role="alert">
        {error}
      </Notice>
    )
  const found = findings.filter(hasLines)
  return (
    <>
      {current !== undefined && <SearchProgress done={findings.length} files={files} current={current} />}
      {isStopped && (
        <p role="status">
          Stopped after {grouped(findings.length)} of {counted(files, 'file')}.
        </p>
      )}
      {(current === undefined || found.length > 0) && (
        <p class="person-answer" role="status">
          <strong>{answerText(findings, files)}</strong>
        </p>
      )}
      {found.map((finding) => (
        <FoundLines key={finding.summary.id} finding={finding} />
      ))}
      {current === undefined && (
        <section aria-labelledby="unknown-title">
          <h2 id="unknown-title">What this search cannot know</h2>
          <ul class="unknown">
            {unknownTexts(findings, unlisted).map((text) => (
              <li key={text}>
                <ForeignText text={text} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

interface SearchProgressProps {
  readonly done: number
  readonly files: number
  readonly current: NonNullable<PersonSearch['current']>
}

function SearchProgress({ done, files, current: { summary, searched } }: SearchProgressProps) {
  const { file, lines } = summary.report
  const share = lines.total > 0 ? Math.min(1, searched / lines.total) : 0
  return (
    <div>
      <progress aria-label="Searching" max={files} value={done + share} />
      <p class="muted">
        File {grouped(done + 1)} of {grouped(files)}: <ForeignText text={fileName(file.key)} max={120} />,{' '}
        {counted(searched, 'line')} searched
      </p>
    </div>
  )
}
