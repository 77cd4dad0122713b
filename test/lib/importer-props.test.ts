import { Duration, Stack } from 'aws-cdk-lib/core'
import { SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { describe, expect, test } from '@jest/globals'
import { checkedSettings, type KissmetricsImporterProps } from '../../lib/importer-props.ts'

const stack = new Stack()
const existingBucket = Bucket.fromBucketName(stack, 'Existing', 'team-uploads')
const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-0', availabilityZones: ['a'], privateSubnetIds: ['subnet-0'] })
const vpcSubnets = { subnetType: SubnetType.PRIVATE_WITH_EGRESS }
const securityGroups = [SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-0')]

describe('the construct refuses what the settings would refuse, and calls it by the names of its props', () => {
  // prettier-ignore
  test.each<[string, KissmetricsImporterProps, string]>([
    ['a prefix with a wildcard',                     { existingBucket, prefixes: ['a*/'] },                      'prefixes is "["a*/"]": expected one or more prefixes of keys, '],
    ['an empty prefix',                              { existingBucket, prefixes: [''] },                         'prefixes is "[""]": expected one or more prefixes of keys, separated by commas, for example "exports/km/", or * for a whole existing bucket.'],
    ['no prefix',                                    { prefixes: [] },                                           'prefixes is "[]": expected one or more prefixes of keys, '],
    ['prefixes that overlap',                        { existingBucket, prefixes: ['a/', 'a/b/'] },               'prefixes overlap, so a file would be imported for each of them.'],
    ['the whole bucket and a part of it',            { existingBucket, prefixes: ['*', 'a/'] },                  'prefixes overlap, so a file would be imported for each of them.'],
    ['a prefix that the importer writes to',         { prefixes: ['reports/km/'] },                              'or set existingBucket to import from an existing bucket.'],
    ['the whole bucket of the importer',             { prefixes: ['*'] },                                        'prefixes contain one that overlaps incoming/, reports/, '],
    ['events without an existing bucket',            { bucketEvents: 's3' },                                     'bucketEvents is set without existingBucket: it says how events of an existing bucket arrive. Set existingBucket too, or leave bucketEvents out.'],
    ['subnets without a VPC',                        { vpcSubnets },                                             'vpcSubnets is set without vpc: the subnets belong to a VPC. Set vpc too, or leave vpcSubnets out.'],
    ['security groups without a VPC',                { securityGroups },                                         'securityGroups is set without vpc: the security groups belong to a VPC.'],
    ['retention of the files of an existing bucket', { existingBucket, retention: { files: Duration.days(90) } }, 'retention.files is set together with existingBucket: the stack does not change an existing bucket.'],
    ['files that expire before the search ends',     { retention: { files: Duration.days(30) } },                'retention.files is "30": expected a whole number of days from 31 to 36500.'],
    ['reports that expire within a part of a day',   { retention: { reports: Duration.hours(36) } },             'retention.reports is "1.5": expected a whole number of days from 31 to 36500.'],
    ['pollers and a maximum concurrency',            { provisionedPollers: 2, maximumConcurrency: 2 },           'provisionedPollers is set together with maximumConcurrency, which AWS Lambda refuses.'],
    ['too little memory',                            { memoryMb: 128 },                                          'memoryMb is "128": expected a whole number of megabytes from 512 to 10240.'],
  ])('%s', (_what, props, message) => {
    expect(() => checkedSettings(props)).toThrow(expect.objectContaining({ name: 'SettingError', message: expect.stringContaining(message) as unknown })) // prettier-ignore
  })

  // prettier-ignore
  test.each<[string, KissmetricsImporterProps]>([
    ['nothing at all',                               {}],
    ['a VPC, with its private subnets',              { vpc }],
    ['a VPC with subnets and security groups',       { vpc, vpcSubnets, securityGroups }],
    ['the whole of an existing bucket',              { existingBucket, prefixes: ['*'], bucketEvents: 'eventbridge' }],
    ['a prefix that only the own bucket reserves',   { existingBucket, prefixes: ['reports/'] }],
    ['retention of everything',                      { retention: { files: Duration.days(31), reports: Duration.days(400), archivedLines: Duration.days(60) } }],
  ])('but not %s', (_what, props) => {
    expect(() => checkedSettings(props)).not.toThrow()
  })
})
