/** Files that are expected again and again. */
export interface ExpectedFiles {
  /** The beginning of their keys. */
  readonly prefix: string
  /** When the importer looks, a file must have been uploaded within so many hours. From 1 to 744. */
  readonly withinHours: number
  /** When it looks: `rate(…)` or `cron(…)` of EventBridge, in UTC. */
  readonly schedule: string
}

/** `incoming/daily/ within 24h cron(0 6 * * ? *)`, as one item of the setting `expectedFiles`. */
export const EXPECTED_FILES =
  /^(?<prefix>[^\s,*?"$\\/][^\s,*?"$\\]*) within (?<hours>[1-9]\d{0,2})h (?<schedule>rate\([1-9]\d* (?:minute|hour|day)s?\)|cron\((?:[\w*?/,#-]+ ){5}[\w*?/,#-]+\))$/

/** The longest window: a month. */
export const MAX_EXPECTED_HOURS = 744

/** @param text matches EXPECTED_FILES */
export function parseExpectedFiles(text: string): ExpectedFiles {
  const { prefix = '', hours = '', schedule = '' } = EXPECTED_FILES.exec(text)?.groups ?? {}
  return { prefix, withinHours: Number(hours), schedule }
}

/** The form that `parseExpectedFiles` reads. */
export function expectedFilesText({ prefix, withinHours, schedule }: ExpectedFiles): string {
  return `${prefix} within ${withinHours}h ${schedule}`
}

/** The first prefix from which no files are imported. */
export function notImported(expected: readonly ExpectedFiles[], imported: readonly string[]) {
  return expected.find(({ prefix }) => !imported.some((each) => prefix.startsWith(each)))?.prefix
}
