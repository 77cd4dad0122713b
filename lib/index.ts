/** What `import … from 'kissmetrics-importer'` gives to a CDK app. */
export { createEncryptionKey } from './encryption-key.ts'
export type { BucketEvents, FileSource, ReadableBucket } from './file-source.ts'
export type { Retention } from './import-bucket.ts'
export type { KissmetricsImporterProps } from './importer-props.ts'
export { KissmetricsImporter } from './kissmetrics-importer.ts'
