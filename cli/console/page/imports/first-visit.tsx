import { FormatHelp } from '../help/format-help.tsx'
import { hrefOf } from '../route.ts'
import { isTestMode } from '../target.tsx'
import { chooseSample } from './sample.ts'

/** For users who have not imported anything yet: a sample to try, and what a file looks like. */
export function FirstVisit() {
  return (
    <div class="card">
      <p>
        <strong>No imports yet.</strong> Drop a file above. Your browser checks it and shows what an import would do, before
        anything is sent.
      </p>
      {isTestMode.value && (
        <div class="actions">
          <button type="button" onClick={chooseSample}>
            Try a sample
          </button>
          <span class="muted">Seven lines, two of them with a mistake.</span>
        </div>
      )}
      <FormatHelp />
      <p>
        <a href={hrefOf({ kind: 'help' })}>Every reason for which a line is rejected, with examples</a>
      </p>
    </div>
  )
}
