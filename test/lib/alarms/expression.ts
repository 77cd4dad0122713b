type Value = number | undefined
type Variables = (name: string) => Value

const TOKEN = /\s*(\d+(?:\.\d+)?|\w+|[<>=!]=|[-+*/<>(),])/y

/**
 * Evaluates the part of CloudWatch's metric math that the alarms use: numbers, the four operations, comparisons and IF.
 *
 * @returns undefined if a metric without data is used, or after a division by zero: then the result has no datapoint either
 * @throws Error for what is not supported
 * @see "Using math expressions with CloudWatch metrics", Amazon CloudWatch User Guide
 */
export function compute(text: string, variables: Variables): Value {
  const parser = new Parser(tokensOf(text), variables)
  const value = parser.comparison()
  parser.end()
  return value
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex
    const token = TOKEN.exec(text)?.[1]
    if (token === undefined) throw new Error(`not supported here: ${text.slice(at)}`)
    tokens.push(token)
  }
  return tokens
}

class Parser {
  readonly #tokens: string[]
  readonly #variables: Variables

  constructor(tokens: string[], variables: Variables) {
    this.#tokens = tokens
    this.#variables = variables
  }

  comparison(): Value {
    return this.#chain(() => this.#sum(), {
      '>': (a, b) => Number(a > b),
      '<': (a, b) => Number(a < b),
      '>=': (a, b) => Number(a >= b),
      '<=': (a, b) => Number(a <= b),
      '==': (a, b) => Number(a === b),
      '!=': (a, b) => Number(a !== b),
    })
  }

  end(): void {
    if (this.#tokens.length > 0) throw new Error(`not supported here: ${this.#tokens.join(' ')}`)
  }

  #sum(): Value {
    return this.#chain(() => this.#product(), { '+': (a, b) => a + b, '-': (a, b) => a - b })
  }

  #product(): Value {
    return this.#chain(() => this.#operand(), { '*': (a, b) => a * b, '/': (a, b) => (b === 0 ? undefined : a / b) })
  }

  #chain(operand: () => Value, operators: Readonly<Record<string, (a: number, b: number) => Value>>): Value {
    let value = operand()
    for (let apply; (apply = operators[this.#tokens[0] ?? '']) !== undefined;) {
      this.#tokens.shift()
      const next = operand()
      value = value === undefined || next === undefined ? undefined : apply(value, next)
    }
    return value
  }

  #operand(): Value {
    const token = this.#tokens.shift() ?? ''
    if (/^\d/.test(token)) return Number(token)
    if (token === '(') {
      const value = this.comparison()
      this.#expect(')')
      return value
    }
    if (this.#tokens[0] !== '(' && /^[a-z]/.test(token)) return this.#variables(token)
    if (token !== 'IF') throw new Error(`not supported here: ${token}`)
    this.#expect('(')
    const condition = this.comparison()
    this.#expect(',')
    const yes = this.comparison()
    this.#expect(',')
    const no = this.comparison()
    this.#expect(')')
    if (condition === undefined) return undefined
    return condition === 0 ? no : yes
  }

  #expect(token: string): void {
    if (this.#tokens.shift() !== token) throw new Error(`expected ${token}`)
  }
}
