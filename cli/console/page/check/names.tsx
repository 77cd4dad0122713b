import type { ComponentChildren } from 'preact'
import type { EventSummary, NamesSummary, PropertySummary } from '../../../preview/summary.ts'
import { ForeignText } from '../components/text.tsx'
import { counted, grouped } from '../format.ts'

const MAX_NAMES = 20
const MAX_TWINS = 10
const MAX_CHARACTERS = 60

/** The events that would be recorded, the most frequent first. */
export function Events({ events }: { readonly events: NamesSummary<EventSummary> }) {
  return (
    <NameSection names={events} what="event name" isOpen>
      <table>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col" class="number">
              Times
            </th>
          </tr>
        </thead>
        <tbody>
          {events.list.slice(0, MAX_NAMES).map((event) => (
            <tr key={event.name}>
              <NameCell {...event} />
              <td class="number">{grouped(event.count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </NameSection>
  )
}

const TYPE_NAMES = { number: 'number', text: 'text', boolean: 'true or false' } as const

/** The properties that would be set, with types and examples of their values. */
export function Properties({ properties }: { readonly properties: NamesSummary<PropertySummary> }) {
  return (
    <NameSection names={properties} what="property name">
      <table>
        <thead>
          <tr>
            <th scope="col">Property</th>
            <th scope="col" class="number">
              Times
            </th>
            <th scope="col">Values</th>
          </tr>
        </thead>
        <tbody>
          {properties.list.slice(0, MAX_NAMES).map((property) => (
            <tr key={property.name}>
              <NameCell {...property} />
              <td class="number">{grouped(property.count)}</td>
              <td>
                <Values property={property} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </NameSection>
  )
}

interface NameSectionProps {
  readonly names: NamesSummary<EventSummary>
  readonly what: string
  readonly isOpen?: boolean
  readonly children: ComponentChildren
}

function NameSection({ names, what, isOpen = false, children }: NameSectionProps) {
  const { list, twins, isComplete, otherUses } = names
  if (list.length === 0) return null
  return (
    <details class="check-section" open={isOpen || twins.length > 0}>
      <summary>
        {counted(names.names, what)}
        {twins.length > 0 && <>, {counted(twins.length, 'name')} in similar spellings</>}
      </summary>
      {twins.length > 0 && (
        <ul class="check-list" aria-label={`Similar ${what}s`}>
          {twins.slice(0, MAX_TWINS).map(({ names: spellings, atKissmetrics }) => (
            <li key={spellings[0]}>
              {spellings.map((spelling, index) => (
                <>
                  {index > 0 && ', '}
                  <code>
                    <ForeignText text={spelling} max={MAX_CHARACTERS} />
                  </code>
                </>
              ))}
              : probably meant to be one; they become {grouped(atKissmetrics)}.
            </li>
          ))}
        </ul>
      )}
      <div class="table-frame">{children}</div>
      {list.length > MAX_NAMES && <p class="muted">And {grouped(names.names - MAX_NAMES)} more.</p>}
      {!isComplete && (
        <p class="muted">
          There are more than {grouped(list.length)} names, and the others are used {grouped(otherUses)} times. Do the names
          contain an id or a date?
        </p>
      )}
    </details>
  )
}

function NameCell({ name, becomes }: EventSummary) {
  return (
    <th scope="row">
      <ForeignText text={name} max={MAX_CHARACTERS} />
      {becomes !== undefined && (
        <small>
          stored as <ForeignText text={becomes} max={MAX_CHARACTERS} />
        </small>
      )}
    </th>
  )
}

function Values({ property: { types, longValues } }: { readonly property: PropertySummary }) {
  const kinds = (Object.keys(TYPE_NAMES) as (keyof typeof TYPE_NAMES)[])
    .flatMap((type) => (types[type] === undefined ? [] : [{ type, ...types[type] }]))
    .toSorted((a, b) => b.count - a.count)
  return (
    <>
      {kinds.length > 1 && <strong>mixed types. </strong>}
      {kinds.map(({ type, count, examples }) => (
        <div key={type}>
          {TYPE_NAMES[type]}
          {kinds.length > 1 && ` (${grouped(count)})`}:{' '}
          <span class="muted">
            <ForeignText text={examples.join(', ')} max={2 * MAX_CHARACTERS} />
          </span>
        </div>
      ))}
      {longValues > 0 && <div>{counted(longValues, 'value')} longer than 512 characters</div>}
    </>
  )
}
