/** Kissmetrics, "Technical notes": commas and colons in names and identities become spaces. */
export function normalizeName(text: string): string {
  return text.replace(/[,:]/g, ' ')
}

/** Kissmetrics, "Technical notes": names are not case-sensitive. */
export function foldName(name: string): string {
  return name.toLowerCase()
}
