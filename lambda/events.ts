/** Facts that go with a sentence. Never an API key, an identity or the text of a line. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>

/** The facts of an event: `code` names it, for programs. A code never changes, unlike the sentence. */
export type EventFacts = Facts & { readonly code: string }

/** Where events go: CloudWatch, or a terminal. */
export interface Log {
  info(sentence: string, facts: EventFacts): void
  warn(sentence: string, facts: EventFacts): void
  error(sentence: string, facts: EventFacts): void
  /**
   * Counts what CloudWatch shows as a metric.
   *
   * @param by one dimension, if the metric has one; only for values from a closed list, because each is a metric that is paid for
   */
  count(metric: string, value: number, by?: Readonly<Record<string, string>>): void
  /** Adds facts that every further line carries, until the next invocation. */
  about?(facts: Facts): void
  /** Writes what was counted, so that it does not wait for the end of the invocation. */
  publish?(): void
}

/** How far a search for missed files is. */
export interface SearchProgress {
  /** Files that were checked so far. */
  readonly files: number
  readonly queued: number
  /** Those that were queued by this invocation after they had waited for hours. */
  readonly late: number
  readonly isWhole: boolean
  /** The last key that was checked. */
  readonly reached?: string | undefined
}

/** An answer that was not pushed: to which channel, about which file, and the code of what went wrong. */
export interface AnswerFailure {
  readonly channel: string
  readonly key: string
  readonly code: string
}

/** What a run has done since its last checkpoint. */
export interface ProgressFacts {
  readonly delivered: number
  readonly rejected: number
  readonly undeliverable: number
  /** How many lines became dead letters, by reason code. */
  readonly rejectedBy: Readonly<Record<string, number>>
  /** Since when the work exists. */
  readonly ageSeconds: number
}

/** Why the tag of a file has decided nothing. */
export type TagWithoutEffect = keyof typeof TAG_SENTENCES

const TAG_SENTENCES = {
  not_held: 'The tag of a file was ignored: this version is not held. Tag the version that its report is about.',
  too_late: 'The tag of a file was ignored: somebody has decided otherwise before, and that is final.',
  unknown_value: 'The tag of a file was ignored: its value must be release or discard.',
} as const

export type Events = ReturnType<typeof eventsFor>

/**
 * Everything that the importer logs: the closed list of events, each with its code and its metric. No other file logs.
 *
 * info: nothing to do. warn: something is not as it should be, but nothing is lost. error: a person must act, and the sentence says how.
 */
export function eventsFor(log: Log) {
  return {
    about(facts: Facts): void {
      log.about?.(facts)
    },
    /** Metrics only, at each checkpoint: the graphs of an import grow while it runs. */
    progress({ delivered, rejected, undeliverable, rejectedBy, ageSeconds }: ProgressFacts): void {
      log.count('LinesDelivered', delivered)
      log.count('LinesRejected', rejected)
      log.count('LinesUndeliverable', undeliverable)
      for (const [reason, lines] of Object.entries(rejectedBy)) log.count('DeadLetters', lines, { reason })
      log.count('WorkAgeSeconds', ageSeconds)
      if (delivered > 0) log.count('EndpointDown', 0) // ends the alarm of an outage
      log.publish?.()
    },
    /** Metric only: a message that waits is always young, and does not show how long its work has waited. */
    waits(ageSeconds: number): void {
      log.count('WorkAgeSeconds', ageSeconds)
    },
    ignored(why: string): void {
      log.info('Message ignored: it asks for nothing.', { code: 'message_ignored', why })
    },
    alreadyImported(key: string): void {
      log.info('File skipped: this version of the object has already been imported.', { code: 'file_skipped', key })
    },
    started(key: string, bytes: number, invocation: number, line: number): void {
      log.info('File opened.', { code: 'file_opened', key, bytes, invocation, line })
    },
    finished(
      key: string,
      state: string,
      lines: { total: number; delivered: number; rejected: number; undeliverable: number; blank: number },
    ): void {
      log.info('File imported.', { code: 'file_imported', key, state, ...lines })
      log.count('FilesImported', 1)
    },
    requeued(key: string, line: number): void {
      log.info('Out of time: the next invocation continues from here.', { code: 'task_requeued', key, line })
      log.count('Requeues', 1)
    },
    busy(key: string): void {
      log.info('Another invocation is importing this file; left to that invocation.', { code: 'task_busy', key })
    },
    leftToWaiting(key: string): void {
      log.info('A copy of a message that waits after an outage was deleted; the import continues with the one that waits.', {
        code: 'copy_deleted',
        key,
      })
    },
    deliveredTwice(): void {
      log.info('The lease of this message is still held; looked at again when it ends.', { code: 'message_delivered_twice' })
    },
    messageLost(): void {
      log.info('SQS has delivered this message again, or it was replaced, before this invocation began its work.', {
        code: 'message_lost',
      })
    },
    leaseLost(): void {
      log.warn('Another invocation has taken over this import, because this one did not write a checkpoint in time.', {
        code: 'lease_lost',
      })
      log.count('LeasesLost', 1)
    },
    planned(segments: number): void {
      log.info('File split into segments, which are imported in parallel.', { code: 'file_split', segments })
    },
    segmentsRequeued(key: string, segments: number): void {
      log.warn('Nothing has happened for a long time: the unfinished segments were queued again.', {
        code: 'segments_requeued',
        key,
        segments,
      })
      log.count('SegmentsRequeued', segments)
    },
    interrupted(): void {
      log.info('Stopped as asked. The import continues from here when the importer runs again.', { code: 'interrupted' })
    },
    reconciled({ files, queued, late, isWhole, reached }: SearchProgress): void {
      // The keys are listed in order, so the last one shows how far the search is.
      const progress = { files, isWhole, ...(!isWhole && reached !== undefined && { reached }) }
      if (queued === 0) log.info('Searched for missed files: none found.', { code: 'no_missed_files', ...progress })
      else
        log.warn('Searched for missed files: found and queued some.', {
          code: 'missed_files_queued',
          ...progress,
          queued,
          late,
        })
      log.count('MissedFilesQueued', queued)
      log.count('LateFilesQueued', late)
      log.count('FilesImported', 0) // a day without a file has data too, so an alarm can see that it was silent
    },
    missing(key: string, state: 'superseded' | 'gone'): void {
      log.warn('File not imported: the object was deleted or replaced.', { code: 'file_missing', key, state })
      log.count('FilesMissing', 1)
    },
    /** @param rules the codes of the rules, from a closed list */
    held(key: string, rules: readonly string[]): void {
      log.warn('File held: nothing of it was sent. Its report says why. Release or discard it.', {
        code: 'file_held',
        key,
        rules: rules.join(', '),
      })
      log.count('FilesHeld', 1)
    },
    released(key: string): void {
      log.info('File released: it is imported now.', { code: 'file_released', key })
    },
    discarded(key: string): void {
      log.info('File discarded: nothing of it was sent.', { code: 'file_discarded', key })
    },
    tagWithoutEffect(key: string, why: TagWithoutEffect): void {
      log.warn(TAG_SENTENCES[why], { code: 'tag_without_effect', key, why })
    },
    skipped(key: string, reason: string, detail: string): void {
      log.warn('Object skipped: it is not a file to import. Its report says why.', {
        code: 'object_skipped',
        key,
        reason,
        detail,
      })
      log.count('FilesSkipped', 1)
    },
    fileRejected(key: string, reason: string, detail: string): void {
      log.error('File rejected: no more of its lines are sent. Fix the file and upload it again.', {
        code: 'file_rejected',
        key,
        reason,
        detail,
      })
      log.count('FilesRejected', 1)
    },
    replayed(key: string, line: number, outcome: 'delivered' | 'blank'): void {
      log.info('Dead letter replayed.', { code: 'dead_letter_replayed', key, line, outcome })
      log.count('DeadLettersReplayed', 1)
    },
    notClosed(key: string, line: number, detail: string): void {
      log.warn(
        'A replayed line was delivered, but the report of its file still counts it as open. This is tried again by itself.',
        {
          code: 'line_not_closed',
          key,
          line,
          detail,
        },
      )
    },
    replayFailed(key: string, line: number, reason: string, replays: number): void {
      log.warn('Replay failed: the line still cannot be delivered. Its dead letter is back in the dead-letter queue.', {
        code: 'replay_failed',
        key,
        line,
        reason,
        replays,
      })
      log.count('DeadLettersReturned', 1)
    },
    quarantined(key: string, line: number, replays: number): void {
      log.error('Dead letter failed too many replays and is quarantined under archived/. Fix its line, then replay it.', {
        code: 'dead_letter_quarantined',
        key,
        line,
        replays,
      })
      log.count('DeadLettersQuarantined', 1)
    },
    /** @param oldestSeconds age of the oldest dead letter that stays in the queue; 0 if there is none */
    archived(seen: number, archived: number, isWhole: boolean, oldestSeconds: number): void {
      if (archived === 0) log.info('Searched for old dead letters: none found.', { code: 'no_old_dead_letters', seen, isWhole })
      else
        log.error('Dead letters older than ten days were archived, before SQS deletes them. Fix and replay them.', {
          code: 'dead_letters_archived',
          seen,
          archived,
          isWhole,
        })
      log.count('DeadLettersArchived', archived)
      log.count('DeadLetterAgeSeconds', oldestSeconds)
    },
    paused(key: string, ms: number): void {
      log.warn('The endpoint asked for a pause; all lines wait.', { code: 'endpoint_paused', key, ms })
      log.count('EndpointPauses', 1)
    },
    /** @param ageSeconds how long the work exists: a pause must not be forgotten */
    pausedByPerson(key: string, since: string, ageSeconds: number): void {
      log.info('All imports are paused, so nothing is sent. To let them continue: npx km-import resume.', {
        code: 'imports_paused',
        key,
        since,
      })
      log.count('Paused', 1)
      log.count('WorkAgeSeconds', ageSeconds)
    },
    cancelled(key: string, lines: { total: number; delivered: number; rejected: number; undeliverable: number }): void {
      const { total, delivered, rejected, undeliverable } = lines
      log.warn('Import cancelled. Its report lists the lines that were sent until then.', {
        code: 'import_cancelled',
        key,
        settled: total,
        delivered,
        rejected,
        undeliverable,
      })
      log.count('FilesCancelled', 1)
    },
    outage(detail: string, seconds?: number): void {
      log.warn('The endpoint is down. The import is queued and continues by itself.', { code: 'endpoint_down', detail, seconds })
      log.count('EndpointDown', 1)
    },
    setupWrong(detail: string): void {
      log.error(
        'The setup is wrong, so sending has stopped. Fix it. The work waits in the import queue and continues by itself.',
        {
          code: 'setup_wrong',
          detail,
        },
      )
      log.count('SetupErrors', 1)
    },
    newerVersion(detail: string): void {
      log.error(
        'A newer version of the importer has written this. Deploy that version again, or a later one. Until then the work waits in the import queue.',
        { code: 'newer_version', detail },
      )
      log.count('SetupErrors', 1)
    },
    unknownMessage(detail: string): void {
      log.error(
        'Message not understood: SQS moves it to the dead-letter queue as it is. Find out who sends it to the import queue.',
        {
          code: 'message_unknown',
          detail,
        },
      )
      log.count('UnknownMessages', 1)
    },
    crashed(name: string, detail: string, stack: string | undefined): void {
      log.error('Import failed; SQS delivers its message again.', { code: 'import_failed', name, detail, stack })
      log.count('Crashes', 1)
    },
    answered(key: string, state: string): void {
      log.info('Answer pushed.', { code: 'answer_pushed', key, state })
      log.count('AnswersPushed', 1)
    },
    answerNotNeeded(): void {
      log.info('Answer skipped: it was pushed before, or the file goes on.', { code: 'answer_skipped' })
    },
    /** @param isLate whether a person should know: a short outage of a receiver ends by itself */
    answerDelayed({ channel, key, code }: AnswerFailure, isLate: boolean): void {
      log.warn('Answer not pushed: its receiver failed. It is tried again by itself, for a day.', {
        code: 'answer_delayed',
        channel,
        key,
        failure: code,
      })
      log.count('AnswersDelayed', 1)
      if (isLate) log.count('AnswersNotPushed', 1)
    },
    answerSetupWrong({ channel, key, code, detail }: AnswerFailure & { readonly detail: string }): void {
      log.error('Answer not pushed, because the setup is wrong. Fix it. The answer is tried again by itself, for a day.', {
        code: 'answer_setup_wrong',
        channel,
        key,
        failure: code,
        detail,
      })
      log.count('AnswersNotPushed', 1)
    },
    answerRefused({ channel, key, code }: AnswerFailure): void {
      log.error('Answer given up: its receiver refused it, or failed for a day. The report has everything that it says.', {
        code: 'answer_refused',
        channel,
        key,
        failure: code,
      })
      log.count('AnswersNotPushed', 1)
    },
    expectedCame(prefix: string): void {
      log.info('The expected file has come.', { code: 'expected_file_came', prefix })
    },
    expectedMissing(prefix: string, since: string): void {
      log.warn('No file has come under a prefix where one is expected. Check the program that uploads it.', {
        code: 'expected_file_missing',
        prefix,
        since,
      })
      log.count('ExpectedFilesMissing', 1)
    },
    unusualKey(): void {
      log.warn('The API key does not consist of 40 hex digits, as Kissmetrics keys do. Check that it is the right one.', {
        code: 'api_key_unusual',
      })
      log.count('UnusualKeys', 1)
    },
  }
}
