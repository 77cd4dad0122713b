import { html, htmlPage, type Html } from './html.ts'
import type { KeptEvent, Queries } from './queries.ts'

const MAX_ROWS = 50
const MAX_REQUESTS = 20

/**
 * What the emulator received, as pages for people: an overview, one event, one person, the last requests.
 *
 * @returns undefined if there is no such page
 */
export function pageFor(queries: Queries, path: string, query: URLSearchParams): string | undefined {
  const link = linksWith(query.get('_k'))
  switch (path) {
    case '/':
      return overviewPage(queries, link)
    case '/events':
      return eventsPage(queries, query.get('name'), link)
    case '/people':
      return personPage(queries, query.get('identity') ?? '', link)
    case '/requests':
      return framed('Last requests', link, requestTable(queries, MAX_ROWS))
    default:
      return undefined
  }
}

type Link = (path: string, parameters: Readonly<Record<string, string>>) => string

function linksWith(key: string | null): Link {
  return (path, parameters) => `${path}?${new URLSearchParams({ ...parameters, ...(key !== null && { _k: key }) }).toString()}`
}

function framed(title: string, link: Link, body: Html): string {
  return htmlPage(
    title,
    html`<header><strong>Kissmetrics emulator</strong>, on this computer only. Nothing here was sent to Kissmetrics.</header>
      <nav aria-label="Pages">
        <a href="${link('/', {})}">Overview</a><a href="${link('/events', {})}">Last events</a
        ><a href="${link('/requests', {})}">Last requests</a>
      </nav>
      <main>
        <h1>${title}</h1>
        ${body}
      </main>`,
  )
}

function overviewPage(queries: Queries, link: Link): string {
  const { requests, kept, repeats, ignored, people, events, timesUnused } = queries.summary()
  const ignoredRows = Object.entries(ignored).map(([why, count]) => row(`Ignored: ${why}`, count))
  const names = Object.entries(events)
  const persons = [...new Set(queries.events({ limit: MAX_ROWS }).map(({ person }) => person))]
  return framed(
    'What it received',
    link,
    html`<form action="/people" role="search">
        <label>Was this person imported? <input name="identity" type="search" placeholder="anna@example.com" required /></label
        >${keyField(link)} <button>Look up</button>
      </form>
      <h2>Requests</h2>
      <table>
        <tbody>
          ${row('Received', requests)}${row('Events kept', kept.record)}${row('Property updates kept', kept.set)}${row('Aliases kept', kept.alias)}${row('Counted once: identical to an earlier request', repeats)}${ignoredRows}${timesUnused > 0 ? row('Without effect of their time', timesUnused) : html``}${row('People', people)}
        </tbody>
      </table>
      <h2>Events</h2>
      ${
        names.length === 0
          ? html`<p>None yet.</p>`
          : html`<table>
              <thead>
                <tr>
                  <th scope="col">Times</th>
                  <th scope="col">Event</th>
                </tr>
              </thead>
              <tbody>
                ${names.slice(0, MAX_ROWS).map(
                  ([name, count]) =>
                    html`<tr>
                      <td>${count}</td>
                      <td><a href="${link('/events', { name })}">${name}</a></td>
                    </tr>`,
                )}
              </tbody>
            </table>`
      }
      <h2>People of the last events</h2>
      <ul>
        ${persons.map((person) => html`<li>${personLink(person, link)}</li>`)}
      </ul>
      <h2>Last requests</h2>
      ${requestTable(queries, MAX_REQUESTS)}`,
  )
}

function eventsPage(queries: Queries, name: string | null, link: Link): string {
  const events = queries.events({ limit: MAX_ROWS, ...(name !== null && { name }) })
  return framed(name ?? 'Last events', link, eventTable(events, link))
}

function personPage(queries: Queries, identity: string, link: Link): string {
  const person = queries.person(identity, MAX_ROWS)
  if (person === undefined)
    return framed(
      identity,
      link,
      html`<p>The emulator has received nothing about this person. Check the spelling: capitals count.</p>`,
    )
  const { aliases, properties, events } = person
  return framed(
    person.person,
    link,
    html`${
        aliases.length === 0
          ? html``
          : html`<h2>Merged with</h2>
              <ul>
                ${aliases.map((alias) => html`<li>${personLink(alias, link)}</li>`)}
              </ul>`
      }
      <h2>Properties</h2>
      <table>
        <tbody>
          ${Object.entries(properties).map(([name, value]) => row(name, value))}
        </tbody>
      </table>
      <h2>Events</h2>
      ${eventTable(events, link)}`,
  )
}

function eventTable(events: readonly KeptEvent[], link: Link): Html {
  if (events.length === 0) return html`<p>None.</p>`
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Time (UTC)</th>
        <th scope="col">Person</th>
        <th scope="col">Event</th>
        <th scope="col">Properties</th>
      </tr>
    </thead>
    <tbody>
      ${events.map(
        ({ person, event, time, properties }) =>
          html`<tr>
            <td>${timeText(time)}</td>
            <td>${personLink(person, link)}</td>
            <td>${event}</td>
            <td>
              ${Object.entries(properties)
                .map(([name, value]) => `${name}: ${value}`)
                .join(', ')}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

function requestTable(queries: Queries, limit: number): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Result</th>
        <th scope="col">Request</th>
      </tr>
    </thead>
    <tbody>
      ${queries.requests(limit).map(
        ({ method, path, parameters, outcome, why }) =>
          html`<tr>
            <td>${outcome}${why === undefined ? '' : `: ${why}`}</td>
            <td><code>${method} ${path}?${withoutKey(parameters)}</code></td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

/** The key is the same in all requests, and hides what differs. */
function withoutKey(parameters: string): string {
  return parameters.replaceAll(/(^|&)_k=[^&]*/g, '').replace(/^&/, '')
}

function personLink(identity: string, link: Link): Html {
  return html`<a href="${link('/people', { identity })}">${identity}</a>`
}

function keyField(link: Link): Html {
  const key = new URLSearchParams(link('', {}).slice(1)).get('_k')
  return key === null ? html`` : html`<input type="hidden" name="_k" value="${key}" />`
}

function row(name: string, value: string | number): Html {
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${value}</td>
  </tr>`
}

function timeText(seconds: number): string {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? String(seconds) : time.toISOString().slice(0, 19).replace('T', ' ')
}
