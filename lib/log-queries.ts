import type { QueryStringProps } from 'aws-cdk-lib/aws-logs'

export interface LogQuery {
  readonly title: string
  readonly query: QueryStringProps
}

/** Saved queries of the log, by the id of their construct. A test compares their fields with the lines that the importer writes. */
export const LOG_QUERIES: Readonly<Record<'Errors' | 'OneFile' | 'ImportedFiles' | 'Paused', LogQuery>> = {
  Errors: {
    title: 'errors',
    query: {
      fields: ['@timestamp', 'facts.code', 'file', 'message', 'facts.detail', 'requestId', 'run'],
      filterStatements: ['level = "ERROR"'],
      sort: '@timestamp desc',
      limit: 100,
    },
  },
  OneFile: {
    title: 'what happened to one file',
    query: {
      fields: ['@timestamp', 'level', 'facts.code', 'message', 'version', 'run', 'requestId'],
      filterStatements: ['file = "incoming/NAME.json"', 'ispresent(message)'],
      sort: '@timestamp asc',
      limit: 1_000,
    },
  },
  ImportedFiles: {
    title: 'imported files',
    query: {
      fields: ['@timestamp', 'file', 'facts.state', 'facts.total', 'facts.delivered', 'facts.rejected', 'facts.undeliverable'],
      filterStatements: ['facts.code = "file_imported"'],
      sort: '@timestamp desc',
      limit: 1_000,
    },
  },
  Paused: {
    title: 'outages and wrong setups',
    query: {
      fields: ['@timestamp', 'facts.code', 'file', 'facts.detail', 'facts.seconds'],
      filterStatements: ['facts.code in ["endpoint_down", "setup_wrong", "newer_version", "endpoint_paused"]'],
      sort: '@timestamp desc',
      limit: 1_000,
    },
  },
}
