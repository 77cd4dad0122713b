import { edit } from './edit.ts'

export function renameProperty(text: string, from: string, to: string): string {
  return edit(text, (members) =>
    members
      .filter(({ name }) => name === from)
      .map(({ nameStart: start, nameEnd: end }) => ({ start, end, text: JSON.stringify(to) })),
  )
}

export function dropProperty(text: string, dropped: string): string {
  return edit(text, (members) => {
    const remaining = members.filter(({ name }) => name !== dropped)
    if (remaining.length === members.length) return []
    const body = remaining.map(({ nameStart, valueEnd }) => text.slice(nameStart, valueEnd)).join(',')
    return [{ start: text.indexOf('{') + 1, end: text.lastIndexOf('}'), text: body }]
  })
}
