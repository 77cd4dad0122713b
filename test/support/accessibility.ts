import { readFileSync } from 'node:fs'
import type Axe from 'axe-core'
import type { Page } from 'playwright-core'

export const THEMES = ['light', 'dark'] as const

declare const axe: typeof Axe // in the browser

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')

// Otherwise axe also describes each element that has no problem, which takes as long as the rules.
const ALL_RULES: Axe.RunOptions = { resultTypes: ['violations'] }

// The themes differ only in colors, so the other rules cannot find more in the second one.
const COLOR_RULES: Axe.RunOptions = {
  ...ALL_RULES,
  runOnly: ['cat.color'],
  rules: { 'color-contrast-enhanced': { enabled: false } }, // level AAA, which axe leaves out unless it is selected
}

/** What axe finds in the page, in each theme. The page is left in the light one. */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  // It stays until the page is loaded again.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE)
  const problems: string[] = []
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme })
    const { violations } = await page.evaluate((options) => axe.run(options), colorScheme === 'light' ? ALL_RULES : COLOR_RULES)
    problems.push(...violations.map(({ id, nodes }) => `${colorScheme}, ${id}: ${nodes.map(({ html }) => html).join(' ')}`))
  }
  await page.emulateMedia({ colorScheme: 'light' })
  return problems
}
