import { createHash } from 'node:crypto'

/** Text that is HTML already. Everything else is escaped. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Value = string | number | Html | readonly Html[]

/** A template of HTML in which each value is escaped, unless it was made by this function. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.reduce((text, part, index) => `${text}${textOf(values[index - 1] ?? '')}${part}`))
}

function textOf(value: Value): string {
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(({ text }) => text).join('')
  return String(value).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #11151b); color: light-dark(#1a2330, #e4e9ef) }
a { color: light-dark(#0a5aa8, #82b8f5) }
body { max-width: 64rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th, td { padding: 0.3rem 0.8rem 0.3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #8886 }
td:first-child, th:first-child { white-space: nowrap }
code { font-size: 0.9em }
nav a { margin-right: 1rem }
`

// Not in the template: the hash in the headers is that of each character between the tags.
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`)

/** The pages contain what others have sent: nothing in them may run, and they lead nowhere else. */
export const HTML_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
} as const

export function htmlPage(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title} – Kissmetrics emulator</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        ${STYLE_ELEMENT}
      </head>
      <body>
        ${body}
      </body>
    </html>`.text
}
