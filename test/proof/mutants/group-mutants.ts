import type { Mutant } from './mutant.ts'

const GROUPED = 'test/lambda/jobs/grouped-lines.test.ts'
const GROUPS = 'test/lambda/settle/line-groups.test.ts'
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
    tests: [GROUPED],
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
    tests: [GROUPED, SIM],
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
    find: 'Math.max(discarded[reason] ?? 0, lines)',
    replace: '(discarded[reason] ?? 0) + lines',
    tests: [GROUPED],
  },
  {
    name: 'a discarded group stays open in the report of its file',
    file: 'lambda/jobs/close-discarded.ts',
    find: 'await closeGroups(deadLetters, ports)',
    replace: '',
    tests: ['test/cli/rejects/crash-points.test.ts'],
  },
  {
    name: 'a replay sends what a person has written into the row of a group, and removes the dead letter of all its lines',
    file: 'cli/rejects/replay.ts',
    find: 'if (line === undefined || isOfGroup) {',
    replace: 'if (line === undefined) {',
    tests: ['test/cli/rejects/replay.test.ts'],
  },
]
