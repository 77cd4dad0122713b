/** Where an importer sends lines: what a user must see before data is sent that cannot be deleted. Never the key itself. */
export interface SendTarget {
  /** URL of the Kissmetrics emulator, if lines go there. */
  readonly emulatorUrl?: string
  /** For example `trk.kissmetrics.io`. */
  readonly endpointHost?: string
  /** The last characters of the API key, so that two products can be told apart. */
  readonly keyEnding?: string
}

const SHOWN_CHARACTERS = 4
/** Of a shorter key, the last characters would be too much of it. */
const MIN_KEY_CHARACTERS = 16

export function keyEndingOf(apiKey: string): string | undefined {
  return apiKey.length < MIN_KEY_CHARACTERS ? undefined : apiKey.slice(-SHOWN_CHARACTERS)
}

export function sendTarget(endpoint: URL, apiKey: string, emulatorUrl: string | undefined): SendTarget {
  const keyEnding = keyEndingOf(apiKey)
  return {
    endpointHost: endpoint.host,
    ...(keyEnding !== undefined && { keyEnding }),
    ...(emulatorUrl !== undefined && { emulatorUrl }),
  }
}
