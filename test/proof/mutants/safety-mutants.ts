import type { Mutant } from './mutant.ts'

const CHECK = 'test/lambda/jobs/safety-check.test.ts'
const DECISION = 'test/lambda/jobs/safety-decision.test.ts'
const SEGMENTS = 'test/lambda/jobs/segment-survey.test.ts'
const SIM = 'test/proof/sim/sim.test.ts'

/** Mistakes in the safety check: something is sent that a person has not released, or a file waits forever. */
export const SAFETY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a held file is imported when its message is delivered again',
    file: 'lambda/jobs/import-file.ts',
    find: 'if (order === undefined && safety !== undefined && !isAllowed(safety)) {',
    replace: "if (safety?.decision === 'discarded') {",
    tests: [CHECK, SIM],
  },
  {
    name: 'a discarded file is imported',
    file: 'lambda/jobs/safety.ts',
    find: "return decision === 'passed' || decision === 'released'",
    replace: "return decision !== 'held'",
    tests: [DECISION, SIM],
  },
  {
    name: 'the decision is used before it is stored, so two runs can decide differently',
    file: 'lambda/jobs/store-once.ts',
    find: 'if (stored !== undefined) return stored',
    replace: 'if (stored !== undefined) return value',
    tests: ['test/lambda/jobs/store-once.test.ts'],
  },
  {
    name: 'a segment is imported before the others are surveyed',
    file: 'lambda/jobs/segment-survey.ts',
    find: 'if (found.length < parts.length) return undefined',
    replace: '',
    tests: [SEGMENTS, SIM],
  },
  {
    name: 'segments that wait are lost if the run that has decided is killed before it queues them',
    file: 'lambda/jobs/import-file.ts',
    find: 'if (plan !== undefined && safety !== undefined) await queueAfterDecision(task, plan, safety, ports)',
    replace: '',
    tests: [SEGMENTS, SIM],
  },
  {
    name: 'segments queue each other again after the decision',
    file: 'lambda/jobs/segment-survey.ts',
    find: "decision === 'passed' && decidedBy === indexOf(task)",
    replace: "decision === 'passed'",
    tests: [SEGMENTS],
  },
  {
    name: 'segments that have begun are queued again after the decision',
    file: 'lambda/jobs/segment-survey.ts',
    find: 'checkpoint === undefined && segment.index',
    replace: 'segment.index',
    tests: [SEGMENTS],
  },
  {
    name: 'the splitter does not look whether all segments are surveyed already',
    file: 'lambda/jobs/import-split.ts',
    find: 'const check = needsCheck ? await decide(task, ports) : undefined',
    replace: 'const check = undefined as SegmentCheck | undefined',
    tests: [SEGMENTS, SIM],
  },
  {
    name: 'a file that an earlier version has begun is held in the middle of its import',
    file: 'lambda/jobs/safety-check.ts',
    find: "if (isBegun) return { kind: 'allowed' }",
    replace: '',
    tests: [CHECK],
  },
  {
    name: 'a survey that has run out of time is tried forever',
    file: 'lambda/jobs/safety-check.ts',
    find: 'return surveys + 1 >= MAX_SURVEYS',
    replace: 'return surveys < 0',
    tests: [CHECK],
  },
  {
    name: 'lines that were read before the file broke off are not checked',
    file: 'lambda/jobs/safety-check.ts',
    find: 'if (survey.refused !== undefined && survey.lines.valid === 0)',
    replace: 'if (survey.refused !== undefined)',
    tests: [CHECK],
  },
  {
    name: 'who decides last wins: a released file is discarded while it is imported',
    file: 'lambda/jobs/safety-decision.ts',
    find: "if (found.safety.decision !== 'held') return { kind: 'too-late', safety: found.safety }",
    replace: '',
    tests: [DECISION],
  },
  {
    name: 'a release that was interrupted before the file was queued cannot be done again',
    file: 'lambda/jobs/safety-decision.ts',
    find: 'if (found !== undefined && isFinal(found.report)) return',
    replace: "if (found?.report.state !== 'held') return",
    tests: [DECISION, SIM],
  },
  {
    name: 'the merge of a split file reports that it is imported, although it is held',
    file: 'lambda/jobs/finish.ts',
    find: "if (found?.report.state === 'held' && !(await isReleased(file, ports)) && !(await isCancelled(file, ports))) return",
    replace: '',
    tests: [SEGMENTS, SIM],
  },
]
