import type { Mutant } from './mutant.ts'

const TAGGED = 'test/lambda/jobs/tagged-file.test.ts'
const MESSAGE = 'test/lambda/intake/message.test.ts'

/** Mistakes with the tag that releases or discards a held file. */
export const TAG_MUTANTS: readonly Mutant[] = [
  {
    name: 'the tags of the newest version decide about every version',
    file: 'lambda/adapters/s3-tags.ts',
    find: '...(versionId !== undefined && { VersionId: versionId })',
    replace: '',
    tests: ['test/lambda/adapters/s3-tags.test.ts'],
  },
  {
    name: 'any value of the tag releases a file',
    file: 'lambda/jobs/tagged-file.ts',
    find: 'const decision = DECISIONS[tag]',
    replace: "const decision = DECISIONS[tag] ?? 'released'",
    tests: [TAGGED],
  },
  {
    name: 'the value of an unknown tag is logged',
    file: 'lambda/jobs/tagged-file.ts',
    find: "events.tagWithoutEffect(file.key, 'unknown_value')",
    replace: 'events.ignored(tag)',
    tests: [TAGGED],
  },
  {
    name: 'the event of a tag is lost while the importer may not read tags',
    file: 'lambda/jobs/dispatch.ts',
    find: 'await ports.importQueue.send(taggedBody(work.file), MAX_DELAY_SECONDS)',
    replace: '',
    tests: [TAGGED],
  },
  {
    name: 'the tag of an object in an existing bucket is ignored, because EventBridge names its event otherwise',
    file: 'lambda/intake/envelope.ts',
    find: "'Object Tags Added': 'ObjectTagging:Put',",
    replace: '',
    tests: [MESSAGE],
  },
  {
    name: 'a tagged object is imported again',
    file: 'lambda/intake/message.ts',
    find: "if (name === TAGGED) return { kind: 'tagged', file }",
    replace: '',
    tests: [MESSAGE],
  },
  {
    name: 'the key in the event of a tag is not decoded',
    file: 'lambda/intake/message.ts',
    find: 'key: isRead(eventName) ? decodeKey(key) : key,',
    replace: 'key: eventName.startsWith(CREATED) ? decodeKey(key) : key,',
    tests: [MESSAGE],
  },
  {
    name: 'the doctor does not look whether tags send events',
    file: 'cli/doctor/check-notifications.ts',
    find: 'if (prefixes.every((prefix) => sendsTags(prefix, targets)))',
    replace: '',
    tests: ['test/cli/doctor/checks.test.ts'],
  },
]
