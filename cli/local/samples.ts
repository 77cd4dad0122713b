import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { INCOMING_PREFIX } from '../../lambda/keys.ts'

/** The samples that the program ships. */
export const SAMPLES_FOLDER = path.join(import.meta.dirname, '..', '..', 'examples')

/** A valid file, a broken one, one with every mistake, and a large one: smallest first, so that the first result appears early. */
const FILES = ['valid.json', 'invalid.json', 'every-reason.jsonl', 'mixed-50000.jsonl.gz']

/** Whether the bucket has no object. */
export async function isEmpty(s3: S3Client, bucket: string): Promise<boolean> {
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }))
  return KeyCount === 0
}

/** Uploads the shipped samples to the bucket; the user's folder stays unchanged. */
export async function uploadSamples(s3: S3Client, bucket: string): Promise<void> {
  for (const name of FILES) {
    const Body = await readFile(path.join(SAMPLES_FOLDER, name))
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${INCOMING_PREFIX}samples/${name}`, Body }))
  }
}
