import { useEffect, useState } from 'preact/hooks'
import { pollNow } from './polling.ts'
import { readRoute, type Route } from './route.ts'

const TITLES: Readonly<Record<Route['kind'], string>> = {
  imports: 'Imports',
  import: 'Import',
  rejected: 'Rejected lines',
  fix: 'Fix lines',
  person: 'Find a person',
  help: 'Formats and reasons',
}

/** The route of the current address. Keeps the window title in step with it. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash))
  useEffect(() => {
    const onHashChange = () => {
      setRoute(readRoute(location.hash))
      pollNow()
    }
    addEventListener('hashchange', onHashChange)
    return () => {
      removeEventListener('hashchange', onHashChange)
    }
  }, [])
  useEffect(() => {
    document.title = `${TITLES[route.kind]} – Kissmetrics importer`
  }, [route.kind])
  return route
}
