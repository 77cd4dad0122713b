import { NewerVersionError } from '../errors.ts'

/** The name of a kind of document or message, and the version of its form. */
const SCHEMA = /^(kissmetrics-importer\/[a-z]+(?:-[a-z]+)*)\/v([1-9]\d{0,8})$/

/**
 * Whether a document or message is of the kind of a schema, but in a form that only a newer version of the importer can read. It is not
 * damaged: after a rollback it waits for that version.
 */
export function isNewer(value: unknown, schema: string): boolean {
  if (typeof value !== 'object' || value === null || !('schema' in value)) return false
  const [, kind, version] = SCHEMA.exec(String(value.schema)) ?? []
  const [, knownKind, knownVersion] = SCHEMA.exec(schema) ?? []
  return kind !== undefined && kind === knownKind && Number(version) > Number(knownVersion)
}

/** @param what the document, at the start of a sentence @throws NewerVersionError */
export function refuseNewer(value: unknown, schema: string, what: string): void {
  if (isNewer(value, schema)) throw new NewerVersionError(what)
}
