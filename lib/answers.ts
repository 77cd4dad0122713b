import { Stack, Validations } from 'aws-cdk-lib/core'
import { EventField, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import { Topic, type ITopic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'
import { EXPECTED_SCHEMA } from '../lambda/keys.ts'
import { TEXT_SETTINGS } from '../lambda/settings/names.ts'
import type { ExpectedFiles } from './expected-files.ts'
import type { FileSource } from './file-source.ts'
import type { ImportQueue } from './import-queue.ts'

/** Where the importer pushes an answer about each file. */
export interface AnswerOptions {
  /**
   * An existing SNS topic of this region that answers are published to. If it has a customer key, the topic must know it (`masterKey`).
   * @default - a topic is created if there are `emails`, or no `webhook`
   */
  readonly topic?: ITopic | undefined
  /**
   * E-mail addresses that are subscribed to the topic. Each must confirm the subscription.
   * @default - none
   */
  readonly emails?: readonly string[] | undefined
  /**
   * An https address that answers are posted to as JSON.
   * @default - none
   */
  readonly webhook?: string | undefined
  /**
   * A secret with the key that signs what `webhook` receives, as plain text. If it has a customer key, the secret must know it.
   * @default - the answers are not signed
   */
  readonly signingSecret?: ISecret | undefined
  /**
   * An address in each answer, with `{bucket}`, `{key}` and `{report}` where they belong.
   * @default - answers name commands only
   */
  readonly link?: string | undefined
}

export interface AnswersProps extends AnswerOptions {
  /** Encrypts the created topic. @default - the messages are not encrypted at rest */
  readonly encryptionKey?: IKey | undefined
}

/** What the function needs to push answers. */
export interface AnswerParts {
  readonly topic?: ITopic | undefined
  readonly topicKey?: IKey | undefined
  readonly signingSecret?: ISecret | undefined
  readonly environment: Readonly<Record<string, string>>
}

/** The topic and the subscriptions of answers about files. */
export class Answers extends Construct {
  readonly parts: AnswerParts

  constructor(scope: Construct, id: string, props: AnswersProps) {
    super(scope, id)
    const { emails = [], webhook, signingSecret, link, encryptionKey } = props
    const isCreated = props.topic === undefined && (emails.length > 0 || webhook === undefined)
    const topic = isCreated ? this.#createTopic(encryptionKey) : props.topic
    for (const address of emails) {
      const subscription = topic?.addSubscription(new EmailSubscription(address))
      if (subscription === undefined) continue
      Validations.of(subscription).acknowledge({
        id: 'Serverless-SNSRedrivePolicy',
        reason: 'SNS tries to send a mail for six hours, and the report of the file has everything that the answer says.',
      })
    }
    this.parts = {
      topic,
      topicKey: isCreated ? encryptionKey : topic?.masterKey,
      signingSecret,
      environment: {
        [TEXT_SETTINGS.stack]: Stack.of(this).stackName,
        ...(topic !== undefined && { [TEXT_SETTINGS.answerTopic]: topic.topicArn }),
        ...(webhook !== undefined && { [TEXT_SETTINGS.answerWebhook]: webhook }),
        ...(signingSecret !== undefined && { [TEXT_SETTINGS.answerSigningSecret]: signingSecret.secretArn }),
        ...(link !== undefined && { [TEXT_SETTINGS.answerLink]: link }),
      },
    }
  }

  #createTopic(encryptionKey: IKey | undefined): Topic {
    return new Topic(this, 'Topic', {
      displayName: 'Kissmetrics importer',
      enforceSSL: true,
      ...(encryptionKey !== undefined && { masterKey: encryptionKey }),
    })
  }
}

export interface ExpectedFileRulesProps {
  readonly expected: readonly ExpectedFiles[]
  /** Files of the last one that has the prefix are expected. */
  readonly sources: readonly FileSource[]
  readonly importQueue: ImportQueue
}

/** For each prefix where files are expected, a schedule that lets the importer look whether one has come. */
export class ExpectedFileRules extends Construct {
  constructor(scope: Construct, id: string, { expected, sources, importQueue }: ExpectedFileRulesProps) {
    super(scope, id)
    for (const [index, { prefix, withinHours, schedule }] of expected.entries()) {
      const source = sources.findLast(({ prefixes }) => prefixes.some((each) => prefix.startsWith(each)))
      const message = {
        schema: EXPECTED_SCHEMA,
        bucket: source?.bucket.bucketName,
        prefix,
        withinSeconds: withinHours * 3_600,
        at: EventField.time,
      }
      const rule = new Rule(this, `Rule${index + 1}`, {
        description: `Lets the Kissmetrics importer look whether a file has come under ${prefix}`,
        schedule: Schedule.expression(schedule),
        targets: [{ bind: () => ({ arn: importQueue.queue.queueArn, input: RuleTargetInput.fromObject(message) }) }],
      })
      importQueue.allowEventsOf('events.amazonaws.com', rule.ruleArn)
      Validations.of(rule).acknowledge({
        id: 'Serverless-EventBusDLQ',
        reason: 'EventBridge tries for a day. A message that is lost does no harm: the next one looks again.',
      })
    }
  }
}
