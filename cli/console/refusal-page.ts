/** What a person sees who opens an address of the console without its key. */
export function refusalPage(why: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Kissmetrics importer: the address is not complete</title>
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" href="data:," />
  </head>
  <body>
    <main>
      <h1>This is the Kissmetrics importer, but the address is not complete</h1>
      <p>${why}</p>
      <p>The terminal in which the importer was started shows the complete address. Copy it from there, with everything after the port.</p>
      <p>Or stop the importer there with Ctrl-C, and start it again with <code>npx km-import local --open</code>: it opens the page itself.</p>
    </main>
  </body>
</html>
`
}
