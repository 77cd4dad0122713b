import { expect, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Words of an earlier, private vocabulary that a spell checker cannot refuse: phrases, and words that are right elsewhere.
 * `npm run words` refuses the others (cspell.json).
 */
const REFUSED: readonly (readonly [pattern: RegExp, say: string])[] = [
  [/\bcame back\b|\bcomes? back\b|\bhand(s|ed|ing)? back\b/i, 'rejected'],
  [/\bhand(s|ed|ing)? on\b/i, 'requeued'],
  [/\bset aside\b/i, 'quarantined'],
  [/\bput(s|ting)? away\b|\bpark(s|ed|ing)?\b/i, 'archived'],
  [/\bput(s|ting)? off\b/i, 'deferred, retried later'],
  [/\bstand-in\b/i, 'emulator'],
  [/(?<!dead[ -])\bletters? (?:box|that|is|was|are|were|came)\b/i, 'dead letter'],
  [/\ba drop\b(?! folder)|\bdrops (?:are|were|that|of)\b|\bof drops\b|\beach drop\b|\bthe drop\b(?! folder| zone)/i, 'file'],
  [/(?<!\bthere )\b(is|are|was|were) no (?!longer|more)/i, 'is not a'],
  [/\bis told\b|\bhears? of\b/i, 'is notified'],
  [/\bto be done\b/i, 'to do'],
]

const TEXTS = /\.(tsx?|js|cjs|md|html|css)$/
/** This file names the words that it refuses. */
const OWN = 'test/vocabulary.test.ts'

const files = execFileSync('git', ['ls-files'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => TEXTS.test(file) && file !== OWN)

test.each(REFUSED)('no text says %s; it says: %s', (pattern) => {
  const found = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  )
  expect(found).toEqual([])
})
