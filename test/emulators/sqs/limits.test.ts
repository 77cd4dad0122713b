import {
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { arnOf, attributesOf, create, localSqs, only, receive, sendText, type LocalSqs } from './local-sqs.ts'
import { anyText } from '../../support/any-text.ts'

let local: LocalSqs
let queue: string
beforeAll(async () => {
  local = await localSqs()
  queue = await create(local.sqs, 'q')
})
afterAll(async () => {
  await local[Symbol.asyncDispose]()
})

describe('a body may contain the characters that XML allows', () => {
  // prettier-ignore
  test.each([
    //  accepted
    ['\t', true], ['\n', true], ['\r', true], [' ', true], ['\uD7FF', true], ['\uE000', true], ['\uFFFD', true], ['\u{10000}', true], ['\u{10FFFF}', true],
    ['\u{1FFFE}', true], ['\u007F', true], ['\u0085', true], ['\u2028', true],
    //  rejected
    ['\0', false], ['\u0008', false], ['\u000B', false], ['\u000C', false], ['\u000E', false], ['\u001F', false],
    ['\uD800', false], ['\uDBFF', false], ['\uDC00', false], ['\uDFFF', false], ['\uFFFE', false], ['\uFFFF', false],
  ])('%j: %p', async (character, taken) => {
    const sent = sendText(local.sqs, queue, `a${character}b`)
    await (taken ? expect(sent).resolves.toMatch(/^[0-9a-f-]{36}$/) : expect(sent).rejects.toMatchObject({ name: 'InvalidMessageContents' }))
  })

  test('an accepted body is delivered unchanged', async () => {
    const url = await create(local.sqs, 'same')
    const allowed = (text: string): boolean => /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]+$/u.test(text)
    await fc.assert(
      fc.asyncProperty(anyText({ minLength: 1, maxLength: 50 }).filter(allowed), async (text) => {
        await sendText(local.sqs, url, text)
        const message = await only(receive(local.sqs, url))
        expect(message.Body).toBe(text)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a message has limits', () => {
  const text = (StringValue: string, DataType = 'String'): object => ({ DataType, StringValue })
  const many = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, text('x')]))
  // prettier-ignore
  test.each<[string, object, refused: RegExp | undefined]>([
    //  what                                     sent                                                                    rejected with
    ['no body',                                  { MessageBody: '' },                                                    /must contain the parameter MessageBody/],
    ['ten attributes',                           { MessageAttributes: many(10) },                                        undefined],
    ['eleven',                                   { MessageAttributes: many(11) },                                        /attributes \[11\] exceeds the allowed maximum \[10\]/],
    ['a name of letters, digits, _ - .',         { MessageAttributes: { 'a.B-9_c': text('x') } },                        undefined],
    ['a name with a space',                      { MessageAttributes: { 'a b': text('x') } },                            /attribute name 'a b' is invalid/],
    ['a name that ends with a dot',              { MessageAttributes: { 'a.': text('x') } },                             /name 'a\.' is invalid/],
    ['a name that begins with a dot',            { MessageAttributes: { '.a': text('x') } },                             /name '\.a' is invalid/],
    ['two dots in a row',                        { MessageAttributes: { 'a..b': text('x') } },                           /name 'a\.\.b' is invalid/],
    ['a name that AWS keeps for itself',         { MessageAttributes: { 'AWS.a': text('x') } },                          /name 'AWS\.a' is invalid/],
    ['a name of 256 characters',                 { MessageAttributes: { ['a'.repeat(256)]: text('x') } },                undefined],
    ['a name of 257',                            { MessageAttributes: { ['a'.repeat(257)]: text('x') } },                /is invalid/],
    ['a type of its own',                        { MessageAttributes: { a: text('x', 'String.mine') } },                 undefined],
    ['a type that there is not',                 { MessageAttributes: { a: text('x', 'Text') } },                        /supported type prefixes is Binary, Number, and String/],
    ['an empty value',                           { MessageAttributes: { a: text('') } },                                 /must contain a non-empty value/],
    ['a value of another type',                  { MessageAttributes: { a: text('x', 'Binary') } },                      /must contain a non-empty value of its type/],
    ['two values',                               { MessageAttributes: { a: { ...text('x'), BinaryValue: Buffer.from('x') } } }, /and no other/],
    ['a number',                                 { MessageAttributes: { a: text('-1.5e3', 'Number') } },                 undefined],
    ['a number that is none',                    { MessageAttributes: { a: text('x', 'Number') } },                      /Can't cast/],
    ['a character that XML has not',             { MessageAttributes: { a: text('\0') } },                               /Invalid characters found/],
    ['1 MiB with its attributes',                { MessageBody: 'x'.repeat(1_048_567), MessageAttributes: { ab: text('x') } }, undefined],
    ['a byte more',                              { MessageBody: 'x'.repeat(1_048_568), MessageAttributes: { ab: text('x') } }, /must be shorter than 1048576 bytes/],
    ['1 MiB in fewer characters and one byte',   { MessageBody: 'é'.repeat(524_288) + 'x' },                             /must be shorter than 1048576 bytes/],
    ['a delay of 15 minutes',                    { DelaySeconds: 900 },                                                  undefined],
    ['a delay below zero',                       { DelaySeconds: -1 },                                                   /Value -1 for parameter DelaySeconds is invalid/],
    ['a message group, as for fair queues',     { MessageGroupId: 'g' },                                                /parameter MessageGroupId is not implemented by the SQS emulator/],
  ])('%s', async (_what, message, refused) => {
    const input = { QueueUrl: queue, MessageBody: 'x', ...message } as SendMessageCommandInput
    const sent = local.sqs.send(new SendMessageCommand(input))
    await (refused === undefined ? expect(sent).resolves.toHaveProperty('MessageId') : expect(sent).rejects.toThrow(refused))
  })

  test('which a queue can lower, and which apply to each entry of a batch', async () => {
    const url = await create(local.sqs, 'narrow', { MaximumMessageSize: '1024' })
    const Entries = [
      { Id: 'long', MessageBody: 'x'.repeat(1025) },
      { Id: 'full', MessageBody: 'x'.repeat(1024) },
      { Id: 'odd', MessageBody: '\0' },
    ]
    const { Successful, Failed } = await local.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
    expect(Successful).toMatchObject([{ Id: 'full' }])
    expect(Failed).toMatchObject([
      { Id: 'long', SenderFault: true, Code: 'InvalidParameterValue' },
      { Id: 'odd', SenderFault: true, Code: 'InvalidMessageContents' },
    ])
    expect((await only(receive(local.sqs, url))).Body).toHaveLength(1024)
  })
})

describe('attributes of a queue', () => {
  const arn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`
  const json = JSON.stringify
  beforeAll(async () => {
    await create(local.sqs, 'open')
    await create(local.sqs, 'closed', { RedriveAllowPolicy: json({ redrivePermission: 'denyAll' }) })
    await create(local.sqs, 'choosy', {
      RedriveAllowPolicy: json({ redrivePermission: 'byQueue', sourceQueueArns: [arn('set')] }),
    })
    await create(local.sqs, 'set')
  })

  // prettier-ignore
  test.each<[string, Record<string, string>, refused: RegExp | undefined]>([
    //  what                                     set to                                                                              rejected with
    ['all minimums',                             { VisibilityTimeout: '0', DelaySeconds: '0', MessageRetentionPeriod: '60', MaximumMessageSize: '1024' }, undefined],
    ['all maximums',                             { VisibilityTimeout: '43200', DelaySeconds: '900', MessageRetentionPeriod: '1209600', ReceiveMessageWaitTimeSeconds: '20' }, undefined],
    ['a timeout over twelve hours',              { VisibilityTimeout: '43201' },                                                     /Invalid value for the parameter VisibilityTimeout\./],
    ['a retention under a minute',               { MessageRetentionPeriod: '59' },                                                   /MessageRetentionPeriod/],
    ['a retention over 14 days',                 { MessageRetentionPeriod: '1209601' },                                              /MessageRetentionPeriod/],
    ['a number with a suffix',             { DelaySeconds: '1s' },                                                             /DelaySeconds/],
    ['no number',                                { DelaySeconds: '' },                                                               /DelaySeconds/],
    ['encryption by SQS',                        { SqsManagedSseEnabled: 'false' },                                                  undefined],
    ['neither true nor false',                   { SqsManagedSseEnabled: 'yes' },                                                    /SqsManagedSseEnabled/],
    ['encryption by KMS',                        { KmsMasterKeyId: 'alias/aws/sqs' },                                                /queue attribute KmsMasterKeyId is not implemented by the SQS emulator/],
    ['an unknown name',                 { Colour: 'red' },                                                                  /Unknown Attribute Colour/],
    ['a computed attribute',                          { ApproximateNumberOfMessages: '0' },                                               /Unknown Attribute ApproximateNumberOfMessages/],
    ['a name of Object.prototype',             { toString: 'x' },                                                                  /Unknown Attribute toString/],
    ['a policy',                                 { Policy: json({ Version: '2012-10-17', Statement: [] }) },                         undefined],
    ['a policy that is not JSON',                 { Policy: '{' },                                                                    /Policy/],
    ['a redrive policy',                         { RedrivePolicy: json({ deadLetterTargetArn: arn('open'), maxReceiveCount: 5 }) },  undefined],
    ['the number as text, like the CDK',    { RedrivePolicy: json({ deadLetterTargetArn: arn('open'), maxReceiveCount: '5' }) }, undefined],
    ['after no delivery',                        { RedrivePolicy: json({ deadLetterTargetArn: arn('open'), maxReceiveCount: 0 }) },  /RedrivePolicy/],
    ['after 1001 deliveries',                    { RedrivePolicy: json({ deadLetterTargetArn: arn('open'), maxReceiveCount: 1001 }) }, /RedrivePolicy/],
    ['to a missing queue',                              { RedrivePolicy: json({ deadLetterTargetArn: arn('none'), maxReceiveCount: 5 }) },  /Dead letter target does not exist/],
    ['to itself',                                { RedrivePolicy: json({ deadLetterTargetArn: arn('set'), maxReceiveCount: 5 }) },   /cannot be its own dead letter target/],
    ['to a queue that denies all',               { RedrivePolicy: json({ deadLetterTargetArn: arn('closed'), maxReceiveCount: 5 }) }, /does not allow this source queue/],
    ['to a queue that allows it',                 { RedrivePolicy: json({ deadLetterTargetArn: arn('choosy'), maxReceiveCount: 5 }) }, undefined],
    ['no redrive policy',                      { RedrivePolicy: '' },                                                              undefined],
    ['an empty list of source queues',        { RedriveAllowPolicy: json({ redrivePermission: 'byQueue', sourceQueueArns: [] }) }, /RedriveAllowPolicy/],
  ])('%s', async (_what, attributes, refused) => {
    const url = local.server.queueUrl('set')
    const set = local.sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: attributes }))
    if (refused !== undefined) {
      await expect(set).rejects.toThrow(refused)
      return
    }
    await set
    const now = await attributesOf(local.sqs, url)
    for (const [name, value] of Object.entries(attributes)) expect(now[name] ?? '').toBe(value)
  })

  test('a queue that a dead-letter queue does not allow cannot use it', async () => {
    const RedrivePolicy = json({ deadLetterTargetArn: arn('choosy'), maxReceiveCount: 5 })
    await expect(create(local.sqs, 'unnamed', { RedrivePolicy })).rejects.toThrow('does not allow this source queue')
    expect(local.server.queueArn('choosy')).toBe(await arnOf(local.sqs, local.server.queueUrl('choosy')))
  })

  test('white space and key order of a document do not matter', async () => {
    const policy = { deadLetterTargetArn: arn('open'), maxReceiveCount: 5 }
    const url = await create(local.sqs, 'again', { RedrivePolicy: json(policy) })
    expect(await create(local.sqs, 'again', { RedrivePolicy: JSON.stringify(policy, undefined, 2) })).toBe(url)
    await expect(create(local.sqs, 'again', { RedrivePolicy: json({ ...policy, maxReceiveCount: 6 }) })).rejects.toThrow(
      'different value for attribute RedrivePolicy',
    )
  })

  // prettier-ignore
  test.each<[string, string, Record<string, string> | undefined, RegExp]>([
    ['a name that ends with .fifo',     'a.fifo',          { FifoQueue: 'true' },    /A FIFO queue is not implemented by the SQS emulator/],
    ['FifoQueue',                       'a',               { FifoQueue: 'true' },    /queue attribute FifoQueue is not implemented/],
    ['a name of 81 characters',         'a'.repeat(81),    undefined,                /1 to 80 in length/],
    ['no name',                         '',                undefined,                /1 to 80 in length/],
  ])('no queue comes of %s', async (_what, name, attributes, refused) => {
    await expect(create(local.sqs, name, attributes)).rejects.toThrow(refused)
  })
})
