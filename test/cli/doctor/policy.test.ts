import { describe, expect, test } from '@jest/globals'
import { decide, type Call, type Statement } from '../../../cli/doctor/policy.ts'

const allow: Statement = { Effect: 'Allow', Action: 's3:Get*', Resource: 'arn:aws:s3:::b/in/*' }
const deny: Statement = { Effect: 'Deny', Action: '*', Resource: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }
const call: Call = { by: 'arn:role', action: 's3:GetObject', resource: 'arn:aws:s3:::b/in/x' }
const when = (Condition: NonNullable<Statement['Condition']>): Statement => ({ ...allow, Condition })

describe('the policy evaluator decides like IAM', () => {
  // prettier-ignore
  test.each([
    //  the case                                             the role's              the resources'                                          the call                                             answer
    ['without a permission, nothing is allowed',             [],                     [],                                                     call,                                                'not allowed'],
    ['a wildcard matches any text',                          [allow],                [],                                                     call,                                                'allowed'],
    ['a wildcard does not match text before it',             [allow],                [],                                                     { ...call, resource: 'arn:aws:s3:::b/out/in/x' },    'not allowed'],
    ['the case of an action does not matter',                [allow],                [],                                                     { ...call, action: 'S3:getobject' },                 'allowed'],
    ['the case of a resource matters',                        [allow],                [],                                                     { ...call, resource: 'arn:aws:s3:::B/in/x' },        'not allowed'],
    ['a denial overrides every permission',                  [allow, deny],          [],                                                     { ...call, context: { 'aws:SecureTransport': 'false' } }, 'denied'],
    ['but not if its condition does not hold',               [allow, deny],          [],                                                     { ...call, context: { 'aws:SecureTransport': 'true' } },  'allowed'],
    ['a resource policy allows the principal that it names', [],                     [{ ...allow, Principal: { Service: 's3.amazonaws.com' } }], { ...call, by: 's3.amazonaws.com' },             'allowed'],
    ['and no other',                                         [],                     [{ ...allow, Principal: { Service: 's3.amazonaws.com' } }], { ...call, by: 'sns.amazonaws.com' },            'not allowed'],
    ['a resource policy can deny everyone',                  [allow],                [{ ...allow, Effect: 'Deny', Principal: { AWS: '*' } }], call,                                               'denied'],
    ['a condition on an absent key does not hold',           [when({ StringLike: { k: 'a*' } })],         [],                                call,                                                'not allowed'],
    ['but with IfExists it holds',                           [when({ StringLikeIfExists: { k: 'a*' } })], [],                                call,                                                'allowed'],
    ['and if the key is present, it must match',             [when({ StringLikeIfExists: { k: 'a*' } })], [],                                { ...call, context: { k: 'b' } },                    'not allowed'],
    ['one of several values is enough',                      [when({ StringEquals: { k: ['a', 'b'] } })], [],                                { ...call, context: { k: 'b' } },                    'allowed'],
    ['all keys must hold',                                   [when({ StringEquals: { k: 'a', l: 'b' } })], [],                               { ...call, context: { k: 'a' } },                    'not allowed'],
    ['StringEquals treats a wildcard as plain text',         [when({ StringEquals: { k: 'a*' } })],       [],                                { ...call, context: { k: 'ab' } },                   'not allowed'],
  ] as [string, Statement[], Statement[], Call, string][])('%s', (_case, own, others, asked, expected) => {
    expect(decide(own, others, asked)).toBe(expected)
  })

  // prettier-ignore
  test.each([
    ['an operator',   when({ DateLessThan: { 'aws:CurrentTime': '2030-01-01' } }),             'the condition operator DateLessThan'],
    ['an element',    { ...allow, NotAction: 's3:*' } as Statement,                            'the element NotAction'],
    ['a principal',   { ...allow, Principal: { Federated: 'accounts.example.com' } },          'the principal Federated'],
  ])('%s that it does not support is an error', (_what, statement, message) => {
    expect(() => decide([], [statement], call)).toThrow(message)
  })
})
