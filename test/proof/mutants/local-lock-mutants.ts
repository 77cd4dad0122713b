import type { Mutant } from './mutant.ts'

const ACCESS = ['test/emulators/access.test.ts']

/** Each lock of the three emulators, taken out alone: the others would still hold most web pages and users back. */
export const LOCAL_LOCK_MUTANTS: readonly Mutant[] = [
  {
    name: 'an emulator answers a web page whose browser only sends where the request is from',
    file: 'emulators/local-only.ts',
    find: " || (site !== undefined && site !== 'none')",
    replace: '',
    tests: ACCESS,
  },
  {
    name: 'an emulator answers a page that it delivered itself',
    file: 'emulators/local-only.ts',
    find: "site !== 'none'",
    replace: "site !== 'none' && site !== 'same-origin'",
    tests: ACCESS,
  },
  {
    name: 'an emulator answers a name that begins like an allowed one',
    file: 'emulators/local-only.ts',
    find: '(:\\d+)?$/i',
    replace: '/i',
    tests: ACCESS,
  },
  {
    name: 'S3 answers web pages',
    file: 'emulators/s3/server.ts',
    find: 'const refusal = refusalOf(headers)',
    replace: 'const refusal = refusalOf({ host: "localhost" })',
    tests: ACCESS,
  },
  {
    name: 'SQS answers web pages',
    file: 'emulators/sqs/server.ts',
    find: 'const refusal = refusalOf(request.headers)',
    replace: 'const refusal = refusalOf({ host: "localhost" })',
    tests: ACCESS,
  },
  {
    name: 'the Kissmetrics emulator answers web pages',
    file: 'emulators/kissmetrics/server.ts',
    find: ': refusalOf(request.headers)',
    replace: ': undefined',
    tests: ACCESS,
  },
  {
    name: 'the Kissmetrics emulator follows a link to a name that was rebound to this computer',
    file: 'emulators/kissmetrics/server.ts',
    find: 'refusalOf({ host: request.headers.host })',
    replace: 'undefined',
    tests: ACCESS,
  },
  {
    name: 'a frame counts as a link that the user follows',
    file: 'emulators/kissmetrics/server.ts',
    find: " && headers['sec-fetch-dest'] === 'document'",
    replace: '',
    tests: ACCESS,
  },
  {
    name: 'S3 accepts requests without a signature',
    file: 'emulators/s3/server.ts',
    find: 'credentials !== undefined && !isSigned(',
    replace: 'credentials !== undefined && headers.authorization !== undefined && !isSigned(',
    tests: ACCESS,
  },
  {
    name: 'SQS accepts requests without a signature',
    file: 'emulators/sqs/server.ts',
    find: 'credentials !== undefined && !isSigned(',
    replace: 'credentials !== undefined && headers.authorization !== undefined && !isSigned(',
    tests: ACCESS,
  },
  {
    name: 'a signature with another access key is accepted',
    file: 'emulators/signature.ts',
    find: '!isEqual(keyId, accessKeyId)',
    replace: "keyId === ''",
    tests: ACCESS,
  },
  {
    name: 'the Kissmetrics emulator answers queries without its key',
    file: 'emulators/kissmetrics/server.ts',
    find: 'if (isAllowed(query)) answerQuery',
    replace: 'if (query !== null) answerQuery',
    tests: ACCESS,
  },
  {
    name: 'the Kissmetrics emulator records events without its key',
    file: 'emulators/kissmetrics/server.ts',
    find: 'if (!isAllowed(parameters)) {',
    replace: 'if (parameters === null) {',
    tests: ACCESS,
  },
  {
    name: 'a command that looks for an importer draws new credentials',
    file: 'cli/deployment/deployment.ts',
    find: "import { readCredentials } from '../local/credentials.ts'",
    replace: "import { openCredentials as readCredentials } from '../local/credentials.ts'",
    tests: ['test/cli/deployment/deployment.test.ts'],
  },
]
