import { widthFor, wrappedBeside } from '../terminal/layout.ts'
import { printable, styled, type Output } from '../terminal/output.ts'
import { displayPath } from '../terminal/display-path.ts'
import { BUCKET } from './addresses.ts'
import { awsProfileVariables } from './credentials.ts'
import type { LocalOptions } from './options.ts'
import type { Servers } from './servers.ts'

const VALUE_COLUMN = 19

/** The addresses of all parts, shown once they run. */
export function greeting(
  { watchedDir, stateDir, once }: LocalOptions,
  { services, endpoint, emulatorUrl, consoleUrl }: Servers,
  output: Output,
): string {
  const row = (name: string, value: string) => wrappedBeside(`  ${name}`, value, VALUE_COLUMN, widthFor(output))
  const awsCommand = `${awsProfileVariables(displayPath(stateDir))} aws s3 ls ${BUCKET}/incoming/`
  const rows = [
    styled(output, 'bold', 'kissmetrics-importer, local mode'),
    ...row('drop files into', printable(watchedDir)),
    ...(consoleUrl === undefined ? [] : row('or open the page', consoleUrl)),
    ...(emulatorUrl === undefined
      ? row('sent to', printable(endpoint.origin))
      : row('sent to', `${emulatorUrl} (Kissmetrics emulator: open it to see what it received)`)),
    ...row('bucket', `${services.s3Url}/${BUCKET}`),
    ...row('queues', services.sqsUrl),
    `  AWS command line ${awsCommand}`, // on one row, so that it can be copied
    ...row('reports', printable(`${stateDir}/reports`)),
    styled(
      output,
      'dim',
      once ? 'Imports the files that are there, then exits.' : 'Ctrl-C stops it. The next start continues from there.',
    ),
  ]
  return `${rows.join('\n')}\n\n`
}
