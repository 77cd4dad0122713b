import { counted, grouped, printable, shellWord } from '../terminal/output.ts'
import type { GroupCounts, UnreadGroup } from './pulled-groups.ts'

/** What a pull found of dead letters that many lines share, and what to do if lines were not found. One sentence each. */
export function groupsText({ groups, lines, sentBefore, unread }: GroupCounts, options: string): readonly string[] {
  if (groups === 0) return []
  const each = groups === 1 ? 'One dead letter is about many lines' : `${grouped(groups)} dead letters are about many lines`
  return [
    `${each} with the same mistake: ${counted(lines, 'line')} ${lines === 1 ? 'was' : 'were'} read from ${groups === 1 ? 'its file' : 'their files'}, and each has a row.`,
    ...(sentBefore === 0
      ? []
      : [`${counted(sentBefore, 'more line')} ${sentBefore === 1 ? 'has' : 'have'} no row: a replay has sent ${sentBefore === 1 ? 'it' : 'them'}, or is sending ${sentBefore === 1 ? 'it' : 'them'}.`]), // prettier-ignore
    ...unread.map((group) => unreadText(group, options)),
  ]
}

const WHY: Readonly<Record<UnreadGroup['why'], string>> = {
  gone: 'the file was deleted',
  superseded: 'the file was replaced by another one',
  locked: 'the file was moved to an archive of S3. Restore it, then pull again. If that is not possible',
  damaged: 'the file does not have them, or only its beginning can be read',
}

function unreadText({ key, reason, lines, why }: UnreadGroup, options: string): string {
  const next = 'find them at the source and import them as a new file. To close them here, run:'
  const command = `npx km-import rejects discard --reason ${shellWord(reason)} --key ${shellWord(printable(key))}${options}`
  const cause = why === 'locked' ? `${WHY[why]}, ` : `${WHY[why]}. The row of the dead letter has examples: `
  return `${counted(lines, 'line')} of ${printable(key)} (${reason}) cannot be read: ${cause}${next} ${command}`
}
