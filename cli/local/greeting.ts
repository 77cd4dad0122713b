import { printable, styled, type Output } from '../terminal/output.ts'
import { displayPath } from '../terminal/display-path.ts'
import { BUCKET } from './addresses.ts'
import { awsProfileVariables } from './credentials.ts'
import type { LocalOptions } from './options.ts'
import type { Servers } from './servers.ts'

/** The addresses of all parts, shown once they run. */
export function greeting(
  { watchedDir, stateDir, once }: LocalOptions,
  { services, endpoint, emulatorUrl, consoleUrl }: Servers,
  output: Output,
): string {
  const rows: [string, string][] = [
    ['drop files into', printable(watchedDir)],
    ...(consoleUrl === undefined ? [] : [['or open the page', consoleUrl] satisfies [string, string]]),
    [
      'sent to',
      emulatorUrl === undefined
        ? printable(endpoint.origin)
        : `${emulatorUrl} (Kissmetrics emulator: open it to see what it received)`,
    ],
    ['bucket', `${services.s3Url}/${BUCKET}`],
    ['queues', services.sqsUrl],
    ['AWS command line', `${awsProfileVariables(displayPath(stateDir))} aws s3 ls ${BUCKET}/incoming/`],
    ['reports', printable(`${stateDir}/reports`)],
  ]
  const end = once ? 'Imports the files that are there, then exits.' : 'Ctrl-C stops it. The next start continues from there.'
  return `${styled(output, 'bold', 'kissmetrics-importer, local mode')}\n${rows
    .map(([name, value]) => `  ${name.padEnd(16)} ${value}`)
    .join('\n')}\n${styled(output, 'dim', end)}\n\n`
}
