import type { ImportSummary } from '../../api-types.ts'
import { expectedImports, findExpected } from '../expected-imports.ts'
import { importLimit, overview } from '../overview.ts'
import { Foreign, Sign, Title, When } from '../components.tsx'
import { hrefOf, rejectedHref } from '../route.ts'
import { counted, fileName, grouped } from '../format.ts'
import { STATES } from '../labels.ts'
import { Choose } from './upload.tsx'

const MAX_IMPORTS = 200

/** What was imported, and what is being imported. */
export function ImportsView() {
  const listed = overview.value
  const limit = importLimit.value
  return (
    <>
      <Title>Imports</Title>
      <Choose />
      <section aria-labelledby="drops-title">
        <h2 id="drops-title">Files</h2>
        {listed === undefined ? (
          <p class="soft">Asking the console…</p>
        ) : listed.files.length === 0 ? (
          <p class="empty">Nothing was imported yet. Drop a file above, and it shows here with what became of it.</p>
        ) : (
          <ImportTable files={listed.files} />
        )}
        {listed !== undefined && listed.total > listed.files.length && (
          <p class="soft">
            The newest {grouped(listed.files.length)} of {grouped(listed.total)}.{' '}
            {limit < MAX_IMPORTS && (
              <button
                type="button"
                onClick={() => {
                  importLimit.value = Math.min(MAX_IMPORTS, limit + 50)
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

function ImportTable({ files }: { readonly files: readonly ImportSummary[] }) {
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
          {files.map((file) => (
            <ImportRow key={file.id} file={file} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function ImportRow({ file }: { readonly file: ImportSummary }) {
  const { id, report } = file
  const { lines, startedAt } = report
  const back = lines.rejected + lines.undeliverable
  const name = fileName(report.file.key)
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf({ kind: 'file', id })}>
          <Foreign text={name} most={120} />
        </a>
      </th>
      <td>
        <State file={file} />
      </td>
      <td class="number">{grouped(lines.total)}</td>
      <td class="number">{grouped(lines.delivered)}</td>
      <td class="number">
        {back === 0 ? (
          '0'
        ) : (
          <a href={rejectedHref({ file: report.file.key })} aria-label={`${counted(back, 'line')} of ${name} came back`}>
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
export function State({ file }: { readonly file: ImportSummary }) {
  const { report } = file
  const { words, tone } = STATES[report.state]
  const expected = expectedImports.value.get(report.file.key)
  const total = expected && findExpected({ files: [file] }, report.file.key, expected) && expected.lines
  if (report.state !== 'importing')
    return (
      <span class={`state ${tone}`}>
        <Sign tone={tone} />
        {words}
      </span>
    )
  const { delivered, rejected, undeliverable, blank } = report.lines
  const settled = delivered + rejected + undeliverable + blank
  const name = fileName(report.file.key)
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
export function rateOf({ progress = [] }: ImportSummary['report']): number | undefined {
  const last = progress.at(-1)
  const first = last && (progress.findLast(({ atMs }) => last.atMs - atMs >= RATE_SPAN_MS) ?? progress[0])
  if (last === undefined || first === undefined || last.atMs === first.atMs) return undefined
  const lines = last.delivered + last.notDelivered - first.delivered - first.notDelivered
  return Math.round((lines * 1000) / (last.atMs - first.atMs))
}
