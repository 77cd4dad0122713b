import { describe, expect, jest, test } from '@jest/globals'
import { cloudWatchLog } from '../../lambda/adapters/log.ts'
import { eventsFor, type EventFacts, type Events } from '../../lambda/events.ts'

const NO_LINES = { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 }

const FAILURE = { channel: 'webhook', key: 'k', code: '500' }

// prettier-ignore
const ALL: readonly (readonly [code: string, level: 'info' | 'warn' | 'error', log: (events: Events) => void])[] = [
  //  code                         level      how it is logged
  [ 'message_ignored',             'info',    (events) => { events.ignored('s3:TestEvent') } ],
  [ 'message_unknown',             'error',   (events) => { events.unknownMessage('It is not JSON.') } ],
  [ 'file_skipped',                'info',    (events) => { events.alreadyImported('k') } ],
  [ 'file_opened',                 'info',    (events) => { events.started('k', 1, 1, 1) } ],
  [ 'file_split',                  'info',    (events) => { events.planned(2) } ],
  [ 'file_imported',               'info',    (events) => { events.finished('k', 'complete', NO_LINES) } ],
  [ 'file_rejected',               'error',   (events) => { events.fileRejected('k', 'r', 'd') } ],
  [ 'file_held',                   'warn',    (events) => { events.held('k', ['merged_people']) } ],
  [ 'file_released',               'info',    (events) => { events.released('k') } ],
  [ 'file_discarded',              'info',    (events) => { events.discarded('k') } ],
  [ 'tag_without_effect',          'warn',    (events) => { events.tagWithoutEffect('k', 'not_held') } ],
  [ 'object_skipped',              'warn',    (events) => { events.skipped('k', 'r', 'd') } ],
  [ 'file_missing',                'warn',    (events) => { events.missing('k', 'gone') } ],
  [ 'task_requeued',               'info',    (events) => { events.requeued('k', 1) } ],
  [ 'task_busy',                   'info',    (events) => { events.busy('k') } ],
  [ 'copy_deleted',                'info',    (events) => { events.leftToWaiting('k') } ],
  [ 'message_lost',                'info',    (events) => { events.messageLost() } ],
  [ 'message_delivered_twice',     'info',    (events) => { events.deliveredTwice() } ],
  [ 'segments_requeued',           'warn',    (events) => { events.segmentsRequeued('k', 2) } ],
  [ 'lease_lost',                  'warn',    (events) => { events.leaseLost() } ],
  [ 'interrupted',                 'info',    (events) => { events.interrupted() } ],
  [ 'import_failed',               'error',   (events) => { events.crashed('Error', 'd', undefined) } ],
  [ 'no_missed_files',             'info',    (events) => { events.reconciled({ files: 1, queued: 0, late: 0, isWhole: false, reached: 'k' }) } ],
  [ 'missed_files_queued',         'warn',    (events) => { events.reconciled({ files: 1, queued: 1, late: 1, isWhole: true }) } ],
  [ 'dead_letter_replayed',        'info',    (events) => { events.replayed('k', 1, 'delivered') } ],
  [ 'line_not_closed',             'warn',    (events) => { events.notClosed('k', 1, 'd') } ],
  [ 'replay_failed',               'warn',    (events) => { events.replayFailed('k', 1, 'r', 1) } ],
  [ 'dead_letter_quarantined',     'error',   (events) => { events.quarantined('k', 1, 3) } ],
  [ 'no_old_dead_letters',         'info',    (events) => { events.archived(1, 0, true, 0) } ],
  [ 'dead_letters_archived',       'error',   (events) => { events.archived(1, 1, true, 0) } ],
  [ 'endpoint_paused',             'warn',    (events) => { events.paused('k', 1) } ],
  [ 'imports_paused',              'info',    (events) => { events.pausedByPerson('k', '2026-01-01T00:00:00.000Z', 1) } ],
  [ 'import_cancelled',            'warn',    (events) => { events.cancelled('k', NO_LINES) } ],
  [ 'endpoint_down',               'warn',    (events) => { events.outage('d', 30) } ],
  [ 'setup_wrong',                 'error',   (events) => { events.setupWrong('d') } ],
  [ 'newer_version',               'error',   (events) => { events.newerVersion('d') } ],
  [ 'answer_pushed',               'info',    (events) => { events.answered('k', 'complete') } ],
  [ 'answer_skipped',              'info',    (events) => { events.answerNotNeeded() } ],
  [ 'answer_delayed',              'warn',    (events) => { events.answerDelayed(FAILURE, true) } ],
  [ 'answer_setup_wrong',          'error',   (events) => { events.answerSetupWrong({ ...FAILURE, detail: 'd' }) } ],
  [ 'answer_refused',              'error',   (events) => { events.answerRefused(FAILURE) } ],
  [ 'expected_file_came',          'info',    (events) => { events.expectedCame('p') } ],
  [ 'expected_file_missing',       'warn',    (events) => { events.expectedMissing('p', '2026-01-01T00:00:00.000Z') } ],
  [ 'api_key_unusual',             'warn',    (events) => { events.unusualKey() } ],
]

/** These add facts to other lines, or count only. */
const WITHOUT_A_LINE: readonly (keyof Events)[] = ['about', 'progress', 'waits']

interface Entry {
  readonly level: string
  readonly sentence: string
  readonly facts: EventFacts
}

function logged(log: (events: Events) => void): Entry {
  const entries: Entry[] = []
  const at = (level: string) => (sentence: string, facts: EventFacts) => {
    entries.push({ level, sentence, facts })
  }
  log(eventsFor({ info: at('info'), warn: at('warn'), error: at('error'), count: () => undefined }))
  return entries[0]!
}

describe('every event', () => {
  test.each(ALL)('%s', (code, level, log) => {
    const { facts, sentence, ...entry } = logged(log)
    expect([facts.code, entry.level]).toEqual([code, level])
    expect(sentence).toMatch(/^[A-Z].*\.$/)
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
  })

  test('has a code and a sentence of its own', () => {
    expect(new Set(ALL.map(([code]) => code)).size).toBe(ALL.length)
    expect(new Set(ALL.map(([, , log]) => logged(log).sentence)).size).toBe(ALL.length)
  })

  test('is in this list', () => {
    const called = new Set<string>()
    const events = eventsFor({ info: () => undefined, warn: () => undefined, error: () => undefined, count: () => undefined })
    const spies = new Proxy(events, {
      get: (target, name: keyof Events) => {
        called.add(name)
        return target[name].bind(target)
      },
    })
    for (const [, , log] of ALL) log(spies)
    expect([...called, ...WITHOUT_A_LINE].sort()).toEqual(Object.keys(events).sort())
  })
})

test('progress is counted: what a run has delivered, rejected by reason, and the age of its work', () => {
  const counted: unknown[] = []
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const events = eventsFor({ ...log, count: (...args) => counted.push(args), publish: () => counted.push('published') })
  events.progress({ delivered: 7, rejected: 2, undeliverable: 1, rejectedBy: { a: 2, b: 1 }, ageSeconds: 60 })
  expect(counted).toEqual([
    ['LinesDelivered', 7],
    ['LinesRejected', 2],
    ['LinesUndeliverable', 1],
    ['DeadLetters', 2, { reason: 'a' }],
    ['DeadLetters', 1, { reason: 'b' }],
    ['WorkAgeSeconds', 60],
    ['EndpointDown', 0],
    'published',
  ])
})

test('progress without a delivered line does not end the alarm of an outage', () => {
  const counted: string[] = []
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const events = eventsFor({ ...log, count: (metric) => counted.push(metric) })
  events.progress({ delivered: 0, rejected: 5, undeliverable: 0, rejectedBy: { a: 5 }, ageSeconds: 60 })
  expect(counted).not.toContain('EndpointDown')
})

test('a log line of CloudWatch carries the code', () => {
  const lines: string[] = []
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    lines.push(String(line))
    return true
  })
  eventsFor(cloudWatchLog('importer')).alreadyImported('incoming/a.json')
  spy.mockRestore()
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ level: 'INFO', facts: { code: 'file_skipped', key: 'incoming/a.json' } }),
  ])
})
