import type { ShownDrop } from '../../api-types.ts'
import { awaited, awaitedDrop, dropLimit, seen } from '../polling.ts'
import { Foreign, Sign, Title, When } from '../components.tsx'
import { hrefOf, lettersHref } from '../route.ts'
import { counted, dropName, grouped } from '../format.ts'
import { useStore } from '../store.ts'
import { STATES } from '../labels.ts'
import { Choose } from './upload.tsx'

const MOST_DROPS = 200

/** What was imported, and what is being imported. */
export function DropsView() {
  const { overview } = useStore(seen)
  const limit = useStore(dropLimit)
  return (
    <>
      <Title>Imports</Title>
      <Choose />
      <section aria-labelledby="drops-title">
        <h2 id="drops-title">Files</h2>
        {overview === undefined ? (
          <p class="soft">Asking the console…</p>
        ) : overview.drops.length === 0 ? (
          <p class="empty">Nothing was imported yet. Drop a file above, and it shows here with what became of it.</p>
        ) : (
          <DropTable drops={overview.drops} />
        )}
        {overview !== undefined && overview.total > overview.drops.length && (
          <p class="soft">
            The newest {grouped(overview.drops.length)} of {grouped(overview.total)}.{' '}
            {limit < MOST_DROPS && (
              <button
                type="button"
                onClick={() => {
                  dropLimit.set(Math.min(MOST_DROPS, limit + 50))
                }}
              >
                Show more
              </button>
            )}
          </p>
        )}
      </section>
    </>
  )
}

function DropTable({ drops }: { readonly drops: readonly ShownDrop[] }) {
  return (
    <div class="frame">
      <table class="drops">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Lines
            </th>
            <th scope="col" class="number">
              Delivered
            </th>
            <th scope="col" class="number">
              Came back
            </th>
            <th scope="col" class="wide">
              Begun
            </th>
          </tr>
        </thead>
        <tbody>
          {drops.map((drop) => (
            <DropRow key={drop.id} drop={drop} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function DropRow({ drop }: { readonly drop: ShownDrop }) {
  const { id, report } = drop
  const { lines, startedAt } = report
  const back = lines.rejected + lines.undeliverable
  const name = dropName(report.drop.key)
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf({ kind: 'drop', id })}>
          <Foreign text={name} most={120} />
        </a>
      </th>
      <td>
        <State drop={drop} />
      </td>
      <td class="number">{grouped(lines.total)}</td>
      <td class="number">{grouped(lines.delivered)}</td>
      <td class="number">
        {back === 0 ? (
          '0'
        ) : (
          <a href={lettersHref({ drop: report.drop.key })} aria-label={`${counted(back, 'line')} of ${name} came back`}>
            {grouped(back)}
          </a>
        )}
      </td>
      <td class="wide soft">
        <When iso={startedAt} />
      </td>
    </tr>
  )
}

/** The state in words, with its sign; while it is being imported, how far it is. */
export function State({ drop }: { readonly drop: ShownDrop }) {
  const { report } = drop
  const { words, tone } = STATES[report.state]
  const total = useStore(awaited, (all) => {
    const wait = all.get(report.drop.key)
    return wait !== undefined && awaitedDrop({ drops: [drop] }, report.drop.key, wait) !== undefined ? wait.lines : undefined
  })
  if (report.state !== 'importing')
    return (
      <span class={`state ${tone}`}>
        <Sign tone={tone} />
        {words}
      </span>
    )
  const { delivered, rejected, undeliverable, blank } = report.lines
  const settled = delivered + rejected + undeliverable + blank
  const name = dropName(report.drop.key)
  const rate = rateOf(report)
  return (
    <div class={`state ${tone}`}>
      <Sign tone={tone} />
      <div class="progress">
        {words}
        <progress aria-label={`Import of ${name}`} {...(total !== undefined && total > 0 && { max: total, value: settled })} />
        <span class="soft">
          {total === undefined ? `${counted(settled, 'line')} done` : `${grouped(settled)} of ${counted(total, 'line')}`}
          {rate === undefined ? '' : `, ${grouped(rate)} a second`}
        </span>
      </div>
    </div>
  )
}

const RATE_SPAN_MS = 10_000

/** Lines a second, over the last seconds that the report knows of. */
export function rateOf({ progress = [] }: ShownDrop['report']): number | undefined {
  const last = progress.at(-1)
  const first = last && (progress.findLast(({ atMs }) => last.atMs - atMs >= RATE_SPAN_MS) ?? progress[0])
  if (last === undefined || first === undefined || last.atMs === first.atMs) return undefined
  const lines = last.delivered + last.cameBack - first.delivered - first.cameBack
  return Math.round((lines * 1000) / (last.atMs - first.atMs))
}
