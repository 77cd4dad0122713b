const COLUMNS = 12

/** `█████░░░░░░░` @param share from 0 to 1 */
export function progressBar(share: number): string {
  const full = Math.floor(Math.min(1, Math.max(0, share)) * COLUMNS)
  return '█'.repeat(full) + '░'.repeat(COLUMNS - full)
}

/** "40 s left", or nothing if the rate says nothing yet. @param rate a second */
export function timeLeft(left: number, rate: number): readonly string[] {
  if (rate < 0.1) return []
  const seconds = Math.ceil(Math.max(0, left) / rate)
  if (seconds < 60) return [`${seconds} s left`]
  return [seconds < 5_400 ? `${Math.round(seconds / 60)} min left` : `${Math.round(seconds / 3_600)} h left`]
}
