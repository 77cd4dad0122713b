import { describe, expect, test } from '@jest/globals'
import { decide, type Call, type Statement } from '../support/policy.ts'

const allow: Statement = { Effect: 'Allow', Action: 's3:Get*', Resource: 'arn:aws:s3:::b/in/*' }
const deny: Statement = { Effect: 'Deny', Action: '*', Resource: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }
const call: Call = { by: 'arn:role', action: 's3:GetObject', resource: 'arn:aws:s3:::b/in/x' }
const when = (Condition: NonNullable<Statement['Condition']>): Statement => ({ ...allow, Condition })

describe('the evaluator of policies answers as IAM does', () => {
  // prettier-ignore
  test.each([
    //  the case                                             the role's              the resources'                                          the call                                             answer
    ['what nobody allows is not allowed',                    [],                     [],                                                     call,                                                'not allowed'],
    ['a star stands for any text',                           [allow],                [],                                                     call,                                                'allowed'],
    ['a star does not stand for what comes before it',       [allow],                [],                                                     { ...call, resource: 'arn:aws:s3:::b/out/in/x' },    'not allowed'],
    ['the case of an action does not matter',                [allow],                [],                                                     { ...call, action: 'S3:getobject' },                 'allowed'],
    ['the case of a resource does',                          [allow],                [],                                                     { ...call, resource: 'arn:aws:s3:::B/in/x' },        'not allowed'],
    ['a denial beats every permission',                      [allow, deny],          [],                                                     { ...call, context: { 'aws:SecureTransport': 'false' } }, 'denied'],
    ['a denial whose condition does not hold does not',      [allow, deny],          [],                                                     { ...call, context: { 'aws:SecureTransport': 'true' } },  'allowed'],
    ['a resource can allow whom it names',                   [],                     [{ ...allow, Principal: { Service: 's3.amazonaws.com' } }], { ...call, by: 's3.amazonaws.com' },             'allowed'],
    ['but nobody else',                                      [],                     [{ ...allow, Principal: { Service: 's3.amazonaws.com' } }], { ...call, by: 'sns.amazonaws.com' },            'not allowed'],
    ['a resource can deny anyone',                           [allow],                [{ ...allow, Effect: 'Deny', Principal: { AWS: '*' } }], call,                                               'denied'],
    ['a condition on what is not known does not hold',       [when({ StringLike: { k: 'a*' } })],         [],                                call,                                                'not allowed'],
    ['but with IfExists it does',                            [when({ StringLikeIfExists: { k: 'a*' } })], [],                                call,                                                'allowed'],
    ['and where it is known, it must fit',                   [when({ StringLikeIfExists: { k: 'a*' } })], [],                                { ...call, context: { k: 'b' } },                    'not allowed'],
    ['one of several values is enough',                      [when({ StringEquals: { k: ['a', 'b'] } })], [],                                { ...call, context: { k: 'b' } },                    'allowed'],
    ['all keys must hold',                                   [when({ StringEquals: { k: 'a', l: 'b' } })], [],                               { ...call, context: { k: 'a' } },                    'not allowed'],
    ['an equal text is no pattern',                          [when({ StringEquals: { k: 'a*' } })],       [],                                { ...call, context: { k: 'ab' } },                   'not allowed'],
  ] as [string, Statement[], Statement[], Call, string][])('%s', (_case, own, others, asked, expected) => {
    expect(decide(own, others, asked)).toBe(expected)
  })

  // prettier-ignore
  test.each([
    ['an operator',   when({ DateLessThan: { 'aws:CurrentTime': '2030-01-01' } }),             'condition operator DateLessThan is not known here'],
    ['an element',    { ...allow, NotAction: 's3:*' } as Statement,                            'policy element NotAction is not known here'],
    ['a principal',   { ...allow, Principal: { Federated: 'accounts.example.com' } },          'principal Federated is not known here'],
  ])('%s that it does not know is not passed over', (_what, statement, message) => {
    expect(() => decide([], [statement], call)).toThrow(message)
  })
})
