import { readFileSync } from 'node:fs'
import type { Statement } from '../../cli/doctor/policy.ts'

/**
 * The policy in a section of docs/deploy.md, as a reader would use it.
 *
 * @param heading of the section, without its number
 * @param names what to write in place of words like NAME-OF-THE-BUCKET
 */
export function policyInDocs(heading: string, names: Readonly<Record<string, string>>): readonly Statement[] {
  const sections = readFileSync('docs/deploy.md', 'utf8').split(/^## (?:\d+\. )?/m)
  const section = sections.find((each) => each.startsWith(`${heading}\n`)) ?? ''
  const [, json = ''] = /```json\n(\{\n {2}"Version".*?)```/s.exec(section) ?? []
  const text = Object.entries(names).reduce(
    (written, [word, name]) => written.replaceAll(new RegExp(`${word}(?![\\w-])`, 'g'), name),
    json,
  )
  return (JSON.parse(text) as { readonly Statement: Statement[] }).Statement
}
