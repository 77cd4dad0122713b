import { printable, styled, type Output } from '../terminal/output.ts'
import { BUCKET } from './services.ts'
import type { LocalOptions } from './options.ts'
import type { Servers } from './servers.ts'

/** Where everything is, when it has started. */
export function greeting(
  { watchedDir, stateDir, once }: LocalOptions,
  { cloud, endpoint, emulatorUrl, consoleUrl }: Servers,
  output: Output,
): string {
  const rows: [string, string][] = [
    ['drop files into', printable(watchedDir)],
    ...(consoleUrl === undefined ? [] : [['or open the page', consoleUrl] satisfies [string, string]]),
    [
      'sent to',
      emulatorUrl === undefined
        ? printable(endpoint.origin)
        : `${emulatorUrl} (a stand-in for Kissmetrics: open it, and ask what it got)`,
    ],
    ['bucket', `${cloud.s3Url}/${BUCKET}`],
    ['queues', cloud.sqsUrl],
    ['reports', printable(`${stateDir}/reports`)],
  ]
  const end = once ? 'Importing what is there, then exiting.' : 'Ctrl-C stops; the next start goes on.'
  return `${styled(output, 'bold', 'kissmetrics-importer, local mode')}\n${rows
    .map(([name, value]) => `  ${name.padEnd(16)} ${value}`)
    .join('\n')}\n${styled(output, 'dim', end)}\n\n`
}
