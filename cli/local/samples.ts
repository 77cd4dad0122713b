import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'

const FOLDER = path.join(import.meta.dirname, '..', '..', 'examples')

/** What an empty first start shows: a good file, a broken one, one of each mistake, and a large one. */
const FILES = ['valid.json', 'invalid.json', 'every-reason.jsonl', 'mixed-50000.jsonl.gz']

/** Whether nothing was ever put into the bucket. */
export async function isEmpty(s3: S3Client, bucket: string): Promise<boolean> {
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }))
  return KeyCount === 0
}

/** Puts the shipped samples into the bucket, never into a folder of the user's. */
export async function copySamples(s3: S3Client, bucket: string, prefix: string): Promise<void> {
  for (const name of FILES) {
    const key = `${prefix}samples/${name}`
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: await readFile(path.join(FOLDER, name)) }))
  }
}
