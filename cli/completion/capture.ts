/** What a function writes with `console.log`. The library for completion writes its scripts and answers itself. */
export function captureLog(run: () => void): string {
  const log = console.log
  let text = ''
  console.log = (line: string) => {
    text += `${line}\n`
  }
  try {
    run()
  } finally {
    console.log = log
  }
  return text
}
