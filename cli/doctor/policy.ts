/**
 * Evaluates IAM policies for a call within one account, as far as the importer's template uses them. It throws UnknownPolicyElement at
 * every element that it does not know, so that a new kind of statement cannot pass unchecked.
 *
 * @see AWS IAM, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators"
 */

export interface Statement {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  /** Only in the policy of a resource. */
  readonly Principal?: '*' | Readonly<Record<string, string | readonly string[]>>
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

export interface Call {
  readonly action: string
  readonly resource: string
  /** The caller: the name of a service, or an ARN. */
  readonly by: string
  /** Condition keys of the call, for example `aws:SourceArn`. */
  readonly context?: Readonly<Record<string, string>>
}

/** A policy contains something that this evaluator does not know. */
export class UnknownPolicyElement extends Error {
  override readonly name = 'UnknownPolicyElement'
  readonly code = 'unknown_policy_element'
}

export type Answer = 'allowed' | 'denied' | 'not allowed'

/**
 * @param own statements of the caller's role
 * @param others statements of resource policies
 */
export function decide(own: readonly Statement[], others: readonly Statement[], call: Call): Answer {
  const applying = [
    ...own.filter((statement) => applies(statement, call)),
    ...others.filter((s) => applies(s, call) && names(s, call.by)),
  ]
  if (applying.some(({ Effect }) => Effect === 'Deny')) return 'denied'
  return applying.some(({ Effect }) => Effect === 'Allow') ? 'allowed' : 'not allowed'
}

const KNOWN_ELEMENTS = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Principal', 'Condition'])

function applies(statement: Statement, { action, resource, context = {} }: Call): boolean {
  for (const element of Object.keys(statement))
    if (!KNOWN_ELEMENTS.has(element)) throw new UnknownPolicyElement(`the element ${element}`)
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
  if (Principal === '*') return true
  return Object.entries(Principal).some(([kind, who]) => {
    if (kind === 'Service') return list(who).includes(caller)
    if (kind === 'AWS') return list(who).includes('*') || list(who).includes(caller)
    throw new UnknownPolicyElement(`the principal ${kind}`)
  })
}

function holds(operator: string, wanted: readonly string[], seen: string | undefined): boolean {
  const test = OPERATORS[operator.replace(/IfExists$/, '')]
  if (test === undefined) throw new UnknownPolicyElement(`the condition operator ${operator}`)
  if (seen === undefined) return operator.endsWith('IfExists')
  return wanted.some((value) => test(value, seen))
}

const OPERATORS: Readonly<Record<string, (wanted: string, seen: string) => boolean>> = {
  StringEquals: (wanted, seen) => wanted === seen,
  StringLike: like,
  // IAM treats both alike. In an ARN a star does not match a colon, and our names contain none.
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
