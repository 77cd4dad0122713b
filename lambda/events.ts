/** Facts that go with a sentence: never a key, an identity or the text of a line. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>

/** Where sentences and figures go: CloudWatch, or a terminal. */
export interface Log {
  info(sentence: string, facts: Facts): void
  warn(sentence: string, facts: Facts): void
  error(sentence: string, facts: Facts): void
  count(metric: string, value: number): void
}

export type Events = ReturnType<typeof eventsFor>

/**
 * Everything that the importer says, once each, with the metric that goes with it; no other file logs.
 *
 * info: nothing to do. warn: not as it should be, nothing is lost. error: a person must act, and the text says how.
 */
export function eventsFor(log: Log) {
  return {
    ignored(why: string): void {
      log.info('Message ignored: it asks for nothing.', { why })
    },
    alreadyImported(key: string): void {
      log.info('Drop skipped: this very object was imported before.', { key })
    },
    started(key: string, bytes: number, invocation: number, line: number): void {
      log.info('Drop opened.', { key, bytes, invocation, line })
    },
    finished(
      key: string,
      state: string,
      lines: { total: number; delivered: number; rejected: number; undeliverable: number; blank: number },
    ): void {
      log.info('Drop imported.', { key, state, ...lines })
      log.count('LinesDelivered', lines.delivered)
      log.count('LinesRejected', lines.rejected)
      log.count('LinesUndeliverable', lines.undeliverable)
      log.count('FilesImported', 1)
    },
    requeued(key: string, line: number): void {
      log.info('Time is up; the rest goes on in the next invocation.', { key, line })
      log.count('Requeues', 1)
    },
    busy(key: string): void {
      log.info('Another invocation works on this; left to it.', { key })
    },
    shownTwice(): void {
      log.info('Another invocation works on this very message; left to it.', {})
    },
    planned(segments: number): void {
      log.info('Drop cut into segments, which are imported side by side.', { segments })
    },
    interrupted(): void {
      log.info('Asked to stop; the rest goes on from here when the importer runs again.', {})
    },
    reconciled(files: number, queued: number, isWhole: boolean): void {
      if (queued === 0) log.info('Looked for drops that nobody works on; there are none.', { files, isWhole })
      else log.warn('Drops were found that nobody works on, and queued.', { files, queued, isWhole })
      log.count('MissedFilesQueued', queued)
    },
    missing(key: string, state: 'superseded' | 'gone'): void {
      log.warn('Drop not read: its object is no longer there, or another one took its place.', { key, state })
      log.count('FilesMissing', 1)
    },
    fileRejected(key: string, reason: string, detail: string): void {
      log.error('Drop handed back: one dead letter tells why. Mend the file and drop it again.', { key, reason, detail })
      log.count('FilesRejected', 1)
    },
    replayed(key: string, line: number, outcome: 'delivered' | 'blank'): void {
      log.info('Dead letter replayed.', { key, line, outcome })
      log.count('DeadLettersReplayed', 1)
    },
    replayFailed(key: string, line: number, reason: string, replays: number): void {
      log.warn('Dead letter came back: its line still cannot be delivered.', { key, line, reason, replays })
      log.count('DeadLettersReturned', 1)
    },
    quarantined(key: string, line: number, replays: number): void {
      log.error('Dead letter set aside: it came back too often. It is kept under archived/, for a person to mend.', {
        key,
        line,
        replays,
      })
      log.count('DeadLettersQuarantined', 1)
    },
    archived(seen: number, archived: number, isWhole: boolean): void {
      if (archived === 0) log.info('Looked for dead letters that are near their end; there are none.', { seen, isWhole })
      else
        log.error('Dead letters that were near their end were parked. Nobody looked at them in ten days: mend and replay them.', {
          seen,
          archived,
          isWhole,
        })
      log.count('DeadLettersArchived', archived)
    },
    paused(key: string, ms: number): void {
      log.warn('Endpoint asked to wait; all lines do.', { key, ms })
      log.count('EndpointPauses', 1)
    },
    outage(detail: string, seconds?: number): void {
      log.warn('Endpoint is down; the work waits in the queue and goes on by itself.', { detail, seconds })
      log.count('EndpointDown', 1)
    },
    setupWrong(detail: string): void {
      log.error(
        'Set-up is wrong, so nothing more was sent. Mend it; the work waits in the queue, later among the dead letters.',
        { detail },
      )
      log.count('SetupErrors', 1)
    },
    unknownMessage(detail: string): void {
      log.error('Message not understood; it goes to the dead-letter queue as it is. Look at who sends to the import queue.', {
        detail,
      })
      log.count('UnknownMessages', 1)
    },
    crashed(name: string, detail: string, stack: string | undefined): void {
      log.error('Import broke off; its message is delivered again.', { name, detail, stack })
      log.count('Crashes', 1)
    },
    unusualKey(): void {
      log.warn('The API key is not 40 hex digits as Kissmetrics hands them out; check that it is the right one.', {})
      log.count('UnusualKeys', 1)
    },
  }
}
