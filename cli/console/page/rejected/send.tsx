import { signal } from '@preact/signals'
import type { Replayed, ReplayQuestion } from '../../api-types.ts'
import { replay } from '../api-client.ts'
import { confirm } from '../dialog.tsx'
import { State } from '../imports/imports.tsx'
import { announce } from '../announce.ts'
import { expectedImports, expectImport, findExpected } from '../expected-imports.ts'
import { overview } from '../overview.ts'
import { Notice } from '../components.tsx'
import { hrefOf } from '../route.ts'
import { counted, grouped } from '../format.ts'

/** Mended lines that were sent since the page was opened, and that nobody has waved away yet. The newest first. */
const sendings = signal<readonly Replayed[]>([])

/**
 * Asks, and has lines sent.
 *
 * @param lines how many can be sent
 * @param staying how many of the chosen ones cannot, and stay where they are
 * @param onBegin told when it was not declined
 * @returns undefined where nothing was done
 */
export async function send(
  question: ReplayQuestion,
  lines: number,
  staying: number,
  onBegin: () => void,
): Promise<Replayed | undefined> {
  const { emulator } = overview.value ?? {}
  const isYes = await confirm({
    title: `Send ${counted(lines, 'line')} to Kissmetrics?`,
    text: (
      <>
        <p>
          <strong>What is sent cannot be taken back.</strong>
        </p>
        {staying > 0 && (
          <p>
            {counted(staying, 'line is', 'lines are')} not right yet, and {staying === 1 ? 'stays' : 'stay'} here.
          </p>
        )}
        {emulator !== undefined && <p>On this computer they go to the stand-in for Kissmetrics, and nowhere else.</p>}
      </>
    ),
    action: `Send ${counted(lines, 'line')}`,
    isFinal: true,
  })
  if (!isYes) return undefined
  onBegin()
  const replayed = await replay(question)
  sendings.value = [replayed, ...sendings.value].slice(0, 5)
  announce(`${counted(replayed.lines, 'line')} handed over.`)
  // The name of such a drop is made from what is in it, so there is no other of that name.
  if (replayed.key !== undefined) expectImport(replayed.key, replayed.lines)
  return replayed
}

/** What becomes of the lines that were sent, up to their end. */
export function Sendings() {
  const all = sendings.value
  if (all.length === 0) return null
  return (
    <section aria-label="Sent lines">
      {all.map((replayed) => (
        <Sending key={replayed} replayed={replayed} />
      ))}
    </section>
  )
}

function Sending({ replayed }: { readonly replayed: Replayed }) {
  const { key, lines, sentBefore, missing, refused } = replayed
  const expected = key === undefined ? undefined : expectedImports.value.get(key)
  const file = key === undefined || expected === undefined ? undefined : findExpected(overview.value, key, expected)
  const isOver = key === undefined || (file !== undefined && file.report.state !== 'importing')
  const back = file === undefined ? 0 : file.report.lines.rejected + file.report.lines.undeliverable
  return (
    <Notice tone={!isOver ? 'going' : back + refused.length === 0 && key !== undefined ? 'good' : 'warn'}>
      <p>
        {key === undefined ? (
          <strong>Nothing was sent.</strong>
        ) : (
          <strong>
            {counted(lines, 'line')} handed over{file === undefined ? '; the import begins' : ''}.
          </strong>
        )}{' '}
        {file !== undefined && (
          <>
            {grouped(file.report.lines.delivered)} delivered, {grouped(back)} came back.{' '}
            <a href={hrefOf({ kind: 'file', id: file.id })}>See its import</a>
          </>
        )}
      </p>
      {file !== undefined && <State file={file} />}
      {sentBefore > 0 && <p>{counted(sentBefore, 'line was', 'lines were')} sent by an earlier try already.</p>}
      {missing > 0 && (
        <p>{counted(missing, 'line is', 'lines are')} no longer among what came back: somebody else has dealt with it.</p>
      )}
      {refused.length > 0 && (
        <p>
          {counted(refused.length, 'line was', 'lines were')} not taken, and {refused.length === 1 ? 'stays' : 'stay'} here.
        </p>
      )}
      {isOver && (
        <button
          type="button"
          onClick={() => {
            sendings.value = sendings.value.filter((other) => other !== replayed)
          }}
        >
          Close
        </button>
      )}
    </Notice>
  )
}
