import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright-core'

export const THEMES = ['light', 'dark'] as const

/** What axe finds in the page, in each theme. The page is left in the light one. */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  const problems: string[] = []
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme })
    // The legacy mode reaches no frames of other origins, which the page does not have. It takes half the processor time, because the
    // other mode joins the results of the frames in a second tab.
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
    problems.push(...violations.map(({ id, nodes }) => `${colorScheme}, ${id}: ${nodes.map(({ html }) => html).join(' ')}`))
  }
  await page.emulateMedia({ colorScheme: 'light' })
  return problems
}
