import { describe, expect, test } from '@jest/globals'
import { StatusLine, styled } from '../../../cli/terminal/output.ts'

test('only a terminal gets colours, and NO_COLOR turns them off', () => {
  expect(styled({ write: () => true }, 'red', 'x')).toBe('x')
  const terminal = { write: () => true, isTTY: true }
  expect(styled(terminal, 'red', 'x')).toBe('\u001b[31mx\u001b[39m')
  process.env.NO_COLOR = '1'
  try {
    expect(styled(terminal, 'red', 'x')).toBe('x')
  } finally {
    delete process.env.NO_COLOR
  }
})

describe('the status line', () => {
  const shownOn = (isTTY: boolean, act: (line: StatusLine) => void): string => {
    let text = ''
    act(new StatusLine({ isTTY, write: (more) => (text += more) }))
    return text
  }

  test('is overwritten on a terminal, and cleared at the end', () => {
    const text = shownOn(true, (line) => {
      line.show('1 line')
      line.show('2 lines')
      line.clear()
    })
    expect(text).toBe('\r\u001b[K1 line\r\u001b[K2 lines\r\u001b[K')
  })

  test('is cut to the width of the terminal, so that all of it is overwritten', () => {
    let text = ''
    new StatusLine({ isTTY: true, columns: 10, write: (more) => (text += more) }).show('0123456789')
    expect(text).toBe('\r\u001b[K01234567…')
  })

  test('is one line every ten seconds in a pipe, without repeats; the first one after something else is written at once', () => {
    let text = ''
    let now = 1_000_000
    const line = new StatusLine({ write: (more) => (text += more) }, () => now)
    for (const lines of [1, 1, 2, 3]) {
      line.show(`${lines} lines`)
      now += 4_000
    }
    line.clear()
    line.show('4 lines')
    expect(text).toBe('1 lines\n3 lines\n4 lines\n')
  })
})
