import type { Form } from './input.ts'

/** The packages of the peers, and no others. */
export const PACKAGES = {
  kissmetrics: '0.0.4',
  kissmymetrics: '0.1.1',
  'mixpanel-import': '3.1.43',
} as const

export type PackageName = keyof typeof PACKAGES

export interface Contender {
  readonly title: string
  /** In this folder. */
  readonly program: string
  readonly form: Form
  readonly args?: readonly string[]
  readonly nodeFlags?: readonly string[]
  /** Needs this package to be installed. */
  readonly needs?: PackageName
  /** Needs a bucket, a queue, and its program as one bundled file. */
  readonly isFunction?: boolean
}

/** Of `npm run km-import`. */
const COMMAND_FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=16', '--max-old-space-size=256']

/** Ratios are to this one, because it reads the same file from disk as the peers do. */
export const OURS = 'send' satisfies ContenderName

export const CONTENDERS = {
  send: { title: '`km-import send --yes`', program: 'send-process.ts', form: 'kissmetrics', nodeFlags: COMMAND_FLAGS },
  lambda: { title: 'our function (S3, SQS)', program: 'lambda-process.ts', form: 'kissmetrics', isFunction: true },
  kissmetrics: {
    title: `kissmetrics ${PACKAGES.kissmetrics}`,
    program: 'client-process.ts',
    form: 'kissmetrics',
    args: ['kissmetrics'],
    needs: 'kissmetrics',
  },
  kissmymetrics: {
    title: `kissmymetrics ${PACKAGES.kissmymetrics}`,
    program: 'client-process.ts',
    form: 'kissmetrics',
    args: ['kissmymetrics'],
    needs: 'kissmymetrics',
  },
  mixpanel: {
    title: `mixpanel-import ${PACKAGES['mixpanel-import']}, default`,
    program: 'mixpanel-process.ts',
    form: 'mixpanel',
    needs: 'mixpanel-import',
  },
  'mixpanel-tuned': {
    title: `mixpanel-import ${PACKAGES['mixpanel-import']}, tuned`,
    program: 'mixpanel-process.ts',
    form: 'mixpanel',
    // By default, it reads the file in pieces of 500 bytes, because `highWater` counts objects elsewhere.
    args: [JSON.stringify({ workers: 10, highWater: 65_536, compress: false })],
    needs: 'mixpanel-import',
  },
  naive: { title: 'handler as in tutorials', program: 'naive-process.ts', form: 'kissmetrics' },
  'aws-sample': { title: "pattern of AWS's samples", program: 'aws-sample-process.ts', form: 'kissmetrics' },
} as const satisfies Readonly<Record<string, Contender>>

export type ContenderName = keyof typeof CONTENDERS

export function isContender(name: string): name is ContenderName {
  return Object.hasOwn(CONTENDERS, name)
}
