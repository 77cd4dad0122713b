import type { SimpleFixKind } from '../../suggestions/suggest-fix.ts'
import { ASK_FOR_ZONE } from '../../suggestions/fix-names.ts'

/** Fixes without a name: what the button says, and what the chosen fix is called. */
export const SIMPLE_LABELS: Readonly<Record<SimpleFixKind, { readonly action: string; readonly done: string }>> = {
  'ms-timestamps': { action: 'Milliseconds to seconds', done: 'milliseconds to seconds' },
  trim: { action: 'Remove stray spaces and commas', done: 'stray spaces and commas removed' },
  bom: { action: 'Remove byte order marks', done: 'byte order marks removed' },
  octal: { action: 'Octal escapes to letters', done: 'octal escapes to letters' },
  unpack: { action: 'Unpack text', done: 'text unpacked' },
  'split-objects': { action: 'One object per line', done: 'one object per line' },
}

/** A chosen fix in words. @param name as after `--fix` */
export function fixLabel(name: string): string {
  const simple = simpleLabel(name)
  if (simple !== undefined) return simple.done
  const { kind, argument } = partsOf(name)
  switch (kind) {
    case 'dates':
      return argument === '' ? 'dates to seconds' : `dates to seconds (${argument})`
    case 'list':
      return `objects of the list “${argument}”`
    case 'lift':
      return `contents of “${argument}”`
    case 'drop':
      return `“${argument}” removed`
    default: {
      const [from = '', to = ''] = argument.split('=', 2)
      return `“${from}” renamed to “${to}”`
    }
  }
}

/** What the button of a suggestion says. @param fixes as after `--fix` */
export function actionLabel(fixes: readonly string[]): string {
  const [first = '', ...rest] = fixes.map(actionOf)
  return [first, ...rest.map((action) => action.charAt(0).toLowerCase() + action.slice(1))].join(', then ')
}

function actionOf(name: string): string {
  const simple = simpleLabel(name)
  if (simple !== undefined) return simple.action
  const { kind, argument } = partsOf(name)
  switch (kind) {
    case 'dates':
      return argument === '' || name === ASK_FOR_ZONE ? 'Dates to seconds' : `Dates to seconds (${argument})`
    case 'list':
      return `Take the list “${argument}”`
    case 'lift':
      return `Take the contents of “${argument}”`
    case 'drop':
      return `Remove “${argument}”`
    default: {
      const [from = '', to = ''] = argument.split('=', 2)
      return `Rename “${from}” to “${to}”`
    }
  }
}

function simpleLabel(name: string) {
  return Object.hasOwn(SIMPLE_LABELS, name) ? SIMPLE_LABELS[name as SimpleFixKind] : undefined
}

function partsOf(name: string): { readonly kind: string; readonly argument: string } {
  const [, kind = '', argument = ''] = /^([a-z-]+)(?::(.*))?$/s.exec(name) ?? []
  return { kind, argument }
}
