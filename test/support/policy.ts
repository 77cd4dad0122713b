/**
 * Says what AWS would say to a call, from the policies alone: as much of IAM's evaluation as the importer's template uses, within one account.
 * What it does not know, it throws at, so that a new kind of statement cannot pass unseen.
 *
 * @see AWS IAM, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators"
 */

export interface Statement {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  /** Only in the policy of a resource. */
  readonly Principal?: Readonly<Record<string, string | readonly string[]>>
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

export interface Call {
  readonly action: string
  readonly resource: string
  /** Who calls: a service by its name, anyone else by an ARN. */
  readonly by: string
  /** What IAM knows of the call, such as `aws:SourceArn`. */
  readonly context?: Readonly<Record<string, string>>
}

export type Answer = 'allowed' | 'denied' | 'not allowed'

/**
 * @param own statements of the caller's role
 * @param others statements of the policies of the resources that may be called
 */
export function decide(own: readonly Statement[], others: readonly Statement[], call: Call): Answer {
  const applying = [
    ...own.filter((statement) => applies(statement, call)),
    ...others.filter((s) => applies(s, call) && names(s, call.by)),
  ]
  if (applying.some(({ Effect }) => Effect === 'Deny')) return 'denied'
  return applying.some(({ Effect }) => Effect === 'Allow') ? 'allowed' : 'not allowed'
}

const KNOWN = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Principal', 'Condition'])

function applies(statement: Statement, { action, resource, context = {} }: Call): boolean {
  for (const element of Object.keys(statement))
    if (!KNOWN.has(element)) throw new Error(`policy element ${element} is not known here`)
  const { Action, Resource, Condition = {} } = statement
  return (
    list(Action).some((pattern) => like(pattern.toLowerCase(), action.toLowerCase())) &&
    list(Resource).some((pattern) => like(pattern, resource)) &&
    Object.entries(Condition).every(([operator, tests]) =>
      Object.entries(tests).every(([key, wanted]) => holds(operator, list(wanted), context[key])),
    )
  )
}

function names({ Principal = {} }: Statement, caller: string): boolean {
  return Object.entries(Principal).some(([kind, who]) => {
    if (kind === 'Service') return list(who).includes(caller)
    if (kind === 'AWS') return list(who).includes('*') || list(who).includes(caller)
    throw new Error(`principal ${kind} is not known here`)
  })
}

function holds(operator: string, wanted: readonly string[], seen: string | undefined): boolean {
  const test = OPERATORS[operator.replace(/IfExists$/, '')]
  if (test === undefined) throw new Error(`condition operator ${operator} is not known here`)
  if (seen === undefined) return operator.endsWith('IfExists')
  return wanted.some((value) => test(value, seen))
}

const OPERATORS: Readonly<Record<string, (wanted: string, seen: string) => boolean>> = {
  StringEquals: (wanted, seen) => wanted === seen,
  StringLike: like,
  // The two are the same to IAM; a star does not reach over a colon, which none of our names holds.
  ArnEquals: like,
  ArnLike: like,
  Bool: (wanted, seen) => wanted.toLowerCase() === seen.toLowerCase(),
}

function like(pattern: string, text: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${expression}$`, 's').test(text)
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value
}
