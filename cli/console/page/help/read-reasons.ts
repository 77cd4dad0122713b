/** A reason as docs/reasons.md explains it. Texts may have backticks around names. */
export interface ReasonDoc {
  readonly code: string
  /** What is wrong and how to fix it, and details. */
  readonly paragraphs: readonly string[]
  /** Lines that are rejected for this reason, and the same lines corrected; left out if the reason is not about the text of a line. */
  readonly bad?: string
  readonly good?: string
  /** How the program that writes the file is corrected. */
  readonly source?: string
}

const SECTION = /^### `(\w+)`\n/m
const NEXT_HEADING = /^#{1,3} /m
const EXAMPLE = /```\w*\n([\s\S]*?)\n```/g
const AT_THE_SOURCE = /^\*At the source:\* (.*)$/m

/** Reads the sections of docs/reasons.md. */
export function readReasons(markdown: string): readonly ReasonDoc[] {
  const [, ...parts] = markdown.split(SECTION)
  return parts.flatMap((code, index) => (index % 2 === 0 ? [readReason(code, parts[index + 1] ?? '')] : []))
}

function readReason(code: string, text: string): ReasonDoc {
  const section = text.slice(0, NEXT_HEADING.exec(text)?.index)
  const [bad, good] = Array.from(section.matchAll(EXAMPLE), ([, lines = '']) => lines)
  const source = AT_THE_SOURCE.exec(section)?.[1]
  return {
    code,
    paragraphs: section
      .replaceAll(EXAMPLE, '')
      .split('\n\n')
      .map((paragraph) => plain(paragraph.trim()))
      .filter((paragraph) => paragraph !== '' && paragraph !== 'Fixed:' && !paragraph.startsWith('At the source:')),
    ...(bad !== undefined && good !== undefined && { bad, good }),
    ...(source !== undefined && { source: plain(source) }),
  }
}

/** Without the marks of bold, italics and links: the page has its own styles, and the links lead to files. */
function plain(markdown: string): string {
  return markdown
    .replaceAll('**', '')
    .replaceAll(/(?<![\w*])\*([^*\n]+)\*(?![\w*])/g, '$1')
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1')
}
