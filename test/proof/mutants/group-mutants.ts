import type { Mutant } from './mutant.ts'

const GROUPED = 'test/lambda/jobs/grouped-lines.test.ts'
const STORE = 'test/lambda/jobs/store-groups.test.ts'
const GROUPS = 'test/lambda/settle/line-groups.test.ts'
const CLOSED = 'test/lambda/settle/closed-groups.test.ts'
const CRASHES = 'test/cli/rejects/group-crash-points.test.ts'
const LINES = 'test/cli/rejects/group-lines.test.ts'
const SIM = 'test/proof/sim/sim.test.ts'

/** Mistakes with lines that share a dead letter: one of them is lost, counted twice, or gets a dead letter of its own. */
export const GROUP_MUTANTS: readonly Mutant[] = [
  {
    name: 'the release of a file forgets which lines share a dead letter',
    file: 'lambda/jobs/safety-decision.ts',
    find: "...(decision === 'released' && groupedOf(found.safety)),",
    replace: '',
    tests: [GROUPED, SIM],
  },
  {
    name: 'a run that finds its file released by others gives each line a dead letter of its own',
    file: 'lambda/jobs/safety-check.ts',
    find: "return { kind: 'allowed', grouped: safety.grouped, ...",
    replace: "return { kind: 'allowed', ...",
    tests: [GROUPED],
  },
  {
    name: 'a run that finds its file begun, and reads no decision, gives each line a dead letter of its own',
    file: 'lambda/settle/checkpoint.ts',
    find: '...(grouped.length > 0 && { grouped }), isDone: false, ...(hasCrashed && { farthest: Math.max(',
    replace: 'grouped, isDone: false, ...(hasCrashed && { farthest: Math.max(',
    tests: ['test/lambda/settle/checkpoint.test.ts'],
  },
  {
    name: 'the dead letter of a group is sent again after it was noted',
    file: 'lambda/jobs/store-groups.ts',
    find: '.filter(([reason, { lines }]) => earlier.sent[reason] !== lines)',
    replace: '',
    tests: [STORE],
  },
  {
    name: 'the final report is written without the dead letters of groups',
    file: 'lambda/jobs/finish.ts',
    find: 'await storeGroups(importState, ports)',
    replace: '',
    tests: [GROUPED, SIM],
  },
  {
    name: 'a group is noted as sent before SQS has accepted its dead letter',
    file: 'lambda/jobs/store-groups.ts',
    find: 'await sender.flush()',
    replace: 'void sender.flush().catch(() => undefined)',
    tests: [STORE],
  },
  {
    name: 'the lines of a group are lost when a run continues from a checkpoint',
    file: 'lambda/settle/ledger.ts',
    find: 'new LineGrouping(groups)',
    replace: 'new LineGrouping({})',
    tests: [GROUPED, SIM],
  },
  {
    name: 'the groups of all segments but one are lost',
    file: 'lambda/settle/line-groups.ts',
    find: 'lines: groups.reduce((sum, { lines }) => sum + lines, 0),',
    replace: 'lines: groups[0]?.lines ?? 0,',
    tests: [GROUPS, SIM],
  },
  {
    name: 'ranges that are too many lose lines in place of being joined',
    file: 'lambda/settle/line-groups.ts',
    find: 'joined[joined.length - 1] = [previous[0], last]',
    replace: 'void last',
    tests: [GROUPS],
  },
  {
    name: 'a redrive of the dead letter of a group sends the first line of its file',
    file: 'lambda/jobs/replay.ts',
    find: "deadLetter.kind === 'group' ? undefined : await findLine(deadLetter, file, number, ports)",
    replace: 'await findLine(deadLetter, file, number, ports)',
    tests: [GROUPED],
  },
  {
    name: 'two groups of a file overwrite each other in quarantine',
    file: 'lambda/keys.ts',
    find: '`group-${group}`',
    replace: "'group'",
    tests: ['test/lambda/jobs/quarantine.test.ts'],
  },
  {
    name: 'a group that is discarded twice closes lines that are open',
    file: 'lambda/settle/closed-groups.ts',
    find: 'Math.max(discarded[reason] ?? 0, left)',
    replace: '(discarded[reason] ?? 0) + left',
    tests: [CLOSED, 'test/lambda/jobs/close-groups.test.ts'],
  },
  {
    name: 'a discarded group stays open in the report of its file',
    file: 'lambda/jobs/close-discarded.ts',
    find: 'await closeGroups(deadLetters, ports)',
    replace: '',
    tests: ['test/lambda/jobs/close-discarded.test.ts'],
  },
  {
    name: 'a replay sends what a person has written into the row of a group, and removes the dead letter of all its lines',
    file: 'cli/rejects/replay.ts',
    find: 'if (line === undefined || isWholeGroup) {',
    replace: 'if (line === undefined) {',
    tests: ['test/cli/rejects/replay.test.ts'],
  },
  {
    name: 'two replays send the same line of a group',
    file: 'lambda/settle/closed-groups.ts',
    find: 'const lines = difference(send.lines, takenLines(earlier, send.reason))',
    replace: 'const lines = send.lines',
    tests: [CLOSED, CRASHES],
  },
  {
    name: 'a discarded group closes the lines that a replay has sent a second time',
    file: 'lambda/settle/closed-groups.ts',
    find: 'lines - countLines(takenLines(earlier, reason))',
    replace: 'lines',
    tests: [CLOSED, CRASHES],
  },
  {
    name: 'a line of a discarded group is sent',
    file: 'lambda/settle/closed-groups.ts',
    find: 'discarded[send.reason] !== undefined || ',
    replace: '',
    tests: [CLOSED],
  },
  {
    name: 'lines that a killed replay has not uploaded are never sent',
    file: 'lambda/settle/closed-groups.ts',
    find: "if (results.get(run) === 'uploaded') sent[reason]",
    replace: 'if (results.has(run)) sent[reason]',
    tests: [CLOSED, CRASHES],
  },
  {
    name: 'lines that a killed replay has uploaded are sent again',
    file: 'cli/rejects/group-sends.ts',
    find: "outcome === 'sent' ? 'uploaded' : 'abandoned'",
    replace: "'abandoned'",
    tests: [CRASHES],
  },
  {
    name: 'a replay takes lines of a group after it has uploaded them',
    file: 'cli/rejects/replay-groups.ts',
    find: 'const isTaken = contains(await this.#sends.take(send))',
    replace: 'const isTaken = () => true',
    tests: [CRASHES],
  },
  {
    name: 'the dead letter of a group is removed after its first replay',
    file: 'cli/rejects/replay-groups.ts',
    find: 'countLines(takenLines(groups, reason)) >= (group?.lines ?? Infinity)',
    replace: 'true',
    tests: [CRASHES],
  },
  {
    name: 'an archived group that was replayed in part cannot be replayed for some minutes',
    file: 'cli/rejects/replay-groups.ts',
    find: 'else await selection.releaseClaims(ids, owner)',
    replace: '',
    tests: [CRASHES],
  },
  {
    name: 'the lines of a replay of a group do not say what they replace, so no report counts them as fixed',
    file: 'cli/rejects/replay-groups.ts',
    find: 'await writeOrigins(this.#deployment, send, lines, deadLetterFinder(this.#selected))',
    replace: '',
    tests: [CRASHES],
  },
  {
    name: 'a group is discarded while a replay may be sending lines of it',
    file: 'cli/rejects/discard-lines.ts',
    find: 'return sending.some(({ reason }) => reason === deadLetter.reason)',
    replace: 'return sending.length < 0',
    tests: [CRASHES],
  },
  {
    name: 'lines of a group that are already sent are pulled again',
    file: 'cli/rejects/group-lines.ts',
    find: 'contains(difference(deadLetter.group?.ranges ?? [], without))',
    replace: 'contains(deadLetter.group?.ranges ?? [])',
    tests: [LINES],
  },
  {
    name: 'a pull gives back other lines than those of a group',
    file: 'cli/rejects/group-lines.ts',
    find: 'near.find(({ isCoarse }) => !isCoarse) ?? ',
    replace: 'near[0] ?? ',
    tests: [LINES],
  },
]
