import type { SourceFile } from '../intake/source-file.ts'
import { isReplayFile, profileKey, surveyKey } from '../keys.ts'
import type { Ports } from '../ports.ts'
import type { ImportState } from '../report/report.ts'
import { isNewer } from '../common/schema.ts'
import { prefixOf } from '../survey/prefix.ts'
import { learn, parseProfile, PROFILE_SCHEMA, type Profile } from '../survey/profile.ts'
import { SURVEY_SCHEMA, type SurveyPart } from '../survey/part.ts'
import { isOff } from './safety.ts'

/** If another run keeps writing the profile, this file is left out of it. */
const MAX_TRIES = 3

/**
 * What is known about the files of the same prefix. A file of a replay has lines of other files, so it is compared with none, and none with it.
 *
 * Never throws: without a profile, the rules that need one find nothing.
 */
export async function readProfile(file: SourceFile, ports: Pick<Ports, 'checkpoints'>): Promise<Profile | undefined> {
  if (isReplayFile(file.key)) return undefined
  try {
    return parseProfile((await ports.checkpoints.find(keyOf(file)))?.value)
  } catch {
    return undefined
  }
}

/** Keeps what a file contains, for the run that ends its import. Never throws: that run may still have read it itself. */
export async function keepSurvey(
  file: SourceFile,
  survey: SurveyPart,
  { checkpoints }: Pick<Ports, 'checkpoints'>,
): Promise<void> {
  await checkpoints.put(surveyKeyOf(file), survey, undefined).catch(() => undefined)
}

/**
 * Adds an imported file to the profile of its prefix. Never throws: a file that is missing there does no harm.
 *
 * @param known what the file contains, if this run has surveyed it
 */
export async function learnFrom(
  { file, startedAt }: ImportState,
  known: SurveyPart | undefined,
  { checkpoints, limits }: Pick<Ports, 'checkpoints' | 'limits'>,
): Promise<void> {
  if (isReplayFile(file.key) || isOff(limits.hold)) return
  try {
    const survey = known ?? surveyOf((await checkpoints.find(surveyKeyOf(file)))?.value)
    if (survey === undefined) return
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const found = await checkpoints.find(keyOf(file))
      if (isNewer(found?.value, PROFILE_SCHEMA)) return
      const profile = parseProfile(found?.value)
      const next = learn(profile, survey, startedAt)
      if (next === profile || next.files.length === 0) return
      if ((await checkpoints.put(keyOf(file), next, found?.tag)) !== undefined) return
    }
  } catch {
    // the import has succeeded, and must not be repeated
  }
}

/** Does the rest of the work at the same time, so that small files take no longer. It returns after both, also if the rest fails. */
export async function whileLearning(learning: Promise<void> | undefined, rest: () => Promise<void>): Promise<void> {
  try {
    await rest()
  } finally {
    await learning
  }
}

/** @returns undefined for anything that this version cannot read */
export function surveyOf(value: unknown): SurveyPart | undefined {
  const isSurvey = typeof value === 'object' && value !== null && 'schema' in value && value.schema === SURVEY_SCHEMA
  return isSurvey ? (value as SurveyPart) : undefined
}

function surveyKeyOf(file: SourceFile) {
  return { bucket: file.bucket, key: surveyKey(file) }
}

function keyOf({ bucket, key }: SourceFile) {
  return { bucket, key: profileKey(prefixOf(key)) }
}
