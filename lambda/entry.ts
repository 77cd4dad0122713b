/** The door of the deployed function. */
export function handler(): Promise<void> {
  return Promise.resolve()
}
