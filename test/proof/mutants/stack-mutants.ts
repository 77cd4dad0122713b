import type { Mutant } from './mutant.ts'

const PERMISSIONS = 'test/lib/options-permissions.test.ts'

/** Mistakes in what is deployed: permissions, alarms, combinations of settings, and what it is said to cost. */
export const STACK_MUTANTS: readonly Mutant[] = [
  {
    name: 'the function may not write dead letters that it quarantines',
    file: 'lib/importer-permissions.ts',
    find: "allow('WriteArchivedDeadLetters', bucket.arnForObjects(`${ARCHIVED_PREFIX}*`), ['s3:PutObject']),",
    replace: '',
    tests: [PERMISSIONS],
  },
  {
    name: 'the function may delete reports, which it never does',
    file: 'lib/importer-permissions.ts',
    find: "allow('ReadAndWriteReports', bucket.arnForObjects(`${REPORTS_PREFIX}*`), ['s3:GetObject', 's3:PutObject']),",
    replace:
      "allow('ReadAndWriteReports', bucket.arnForObjects(`${REPORTS_PREFIX}*`), ['s3:GetObject', 's3:PutObject', 's3:DeleteObject']),",
    tests: [PERMISSIONS],
  },
  {
    name: 'the alarm of the deleted queue is over before the next daily message',
    file: 'lib/alarm-rules.ts',
    find: 'of: 25,',
    replace: 'of: 12,',
    tests: ['test/lib/alarms/alarms.test.ts'],
  },
  {
    name: 'the construct takes subnets without a VPC',
    file: 'lib/importer-props.ts',
    find: '...(props.vpcSubnets !== undefined && { subnetIds: [] }),',
    replace: '',
    tests: ['test/lib/importer-props.test.ts'],
  },
  {
    name: 'the construct does not check its prefixes',
    file: 'lib/importer-props.ts',
    find: '    prefixes,\n',
    replace: '',
    tests: ['test/lib/importer-props.test.ts'],
  },
  {
    name: 'the region of the CDK counts although there are no credentials',
    file: 'lib/importer-app.ts',
    find: 'account === undefined ? undefined : wrongPlace(settings, { region, account })',
    replace: 'wrongPlace(settings, { region, account })',
    tests: ['test/lib/importer-app.test.ts'],
  },
  {
    name: 'the template without the CDK names an asset of the CDK',
    file: 'lib/code-from-parameters.ts',
    find: "new CfnParameter(this.boundStack, id, { type: 'String', minLength: 1, description }).valueAsString",
    replace:
      "new CfnParameter(this.boundStack, id, { type: 'String', default: 'cdk-hnb659fds-assets', description }).valueAsString",
    tests: ['test/lib/standalone-template.test.ts'],
  },
  {
    name: 'the data that leaves AWS costs nothing',
    file: 'lib/cost.ts',
    find: 'gigabyteOut: 0.09',
    replace: 'gigabyteOut: 0',
    tests: ['test/lib/cost.test.ts'],
  },
]
