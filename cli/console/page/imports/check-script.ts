/** The only address that the content security policy allows a worker to have. */
const SCRIPT = 'check-worker.js'

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: () => string }): { createScriptURL(url: string): string }
}

// Browsers without Trusted Types take the text itself.
const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
const policy = trustedTypes?.createPolicy('check-worker', { createScriptURL: () => SCRIPT })

/** Starts a thread that checks files. The page starts one for each check; for a large file, that one starts more. */
export function startCheckWorker(): Worker {
  return new Worker(policy?.createScriptURL(SCRIPT) ?? SCRIPT, { type: 'module' })
}
