import { typeOf, type ValueType } from '../../../lambda/survey/value-type.ts'

/** The limit in Kissmetrics' newer documentation. The older one has 8 KB, and a longer value makes a line invalid. */
const LONG_CHARACTERS = 512
/** Distinct values that are kept for each type. */
export const VALUE_EXAMPLES = 3
const EXAMPLE_CHARACTERS = 60

/** How often a property is used, and with which values. */
export interface ValueUse {
  count: number
  longValues: number
  readonly types: Map<ValueType, { count: number; readonly examples: string[] }>
}

/** @param value as it is sent */
export function addValue(uses: Map<string, ValueUse>, name: string, value: string): void {
  const use = uses.get(name) ?? addUse(uses, name)
  use.count += 1
  if (value.length > LONG_CHARACTERS) use.longValues += 1
  const type = typeOf(value)
  let ofType = use.types.get(type)
  if (ofType === undefined) use.types.set(type, (ofType = { count: 0, examples: [] }))
  ofType.count += 1
  if (ofType.examples.length < VALUE_EXAMPLES) addExample(ofType.examples, shortValue(value))
}

/** Adds the uses in later lines to those in earlier ones. */
export function mergeValues(uses: Map<string, ValueUse>, name: string, more: ValueUse): void {
  const use = uses.get(name) ?? addUse(uses, name)
  use.count += more.count
  use.longValues += more.longValues
  for (const [type, { count, examples }] of more.types) {
    const ofType = use.types.get(type) ?? { count: 0, examples: [] }
    use.types.set(type, ofType)
    ofType.count += count
    for (const example of examples) addExample(ofType.examples, example)
  }
}

function addUse(uses: Map<string, ValueUse>, name: string): ValueUse {
  const use: ValueUse = { count: 0, longValues: 0, types: new Map() }
  uses.set(name, use)
  return use
}

function addExample(examples: string[], example: string): void {
  if (examples.length < VALUE_EXAMPLES && !examples.includes(example)) examples.push(copyOf(example))
}

function shortValue(value: string): string {
  return value.length > EXAMPLE_CHARACTERS ? `${value.slice(0, EXAMPLE_CHARACTERS).toWellFormed()}…` : value
}

/**
 * V8 keeps the whole text in memory for as long as a slice of it is used. JSON.parse never returns a slice, and in Chromium it takes a
 * fraction of the time of TextDecoder.
 */
export function copyOf(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string
}
