import * as v from 'valibot'

/** How the parts of the importer are wired: what local mode has to copy from AWS, in the words of S3, SQS and Lambda. */
export interface Wiring {
  readonly bucket: { readonly versioned: boolean }
  readonly notifications: readonly Notification[]
  readonly importQueue: {
    readonly visibilityTimeoutSeconds: number
    readonly retentionSeconds: number
    /** Deliveries of a message before it goes to the dead-letter queue. */
    readonly maxReceiveCount: number
  }
  readonly deadLetterQueue: {
    readonly retentionSeconds: number
    /** Which queues may name it as their dead-letter queue. */
    readonly redriveAllow: { readonly permission: 'byQueue'; readonly sourceQueues: readonly 'import'[] }
  }
  readonly function: {
    readonly timeoutSeconds: number
    readonly memoryMb: number
    readonly environment: Readonly<Record<string, string | Reference>>
  }
  readonly eventSource: {
    readonly batchSize: number
    readonly maximumConcurrency: number
    readonly reportBatchItemFailures: boolean
  }
}

export interface Notification {
  /** As S3 names them, such as `s3:ObjectCreated:*`. */
  readonly events: readonly string[]
  readonly prefix: string
  readonly suffix: string
  readonly queue: 'import'
}

/** A value that is only known where the parts really are. */
export interface Reference {
  readonly to: 'bucket' | 'importQueueUrl' | 'deadLetterQueueUrl' | 'apiKeySecretArn'
}

/** The template has not the shape that local mode can build. */
export class WiringError extends Error {
  override readonly name = 'WiringError'

  constructor(missed: string) {
    super(
      `The synthesized template cannot be run on this computer: ${missed}. Change lib/, or cli/local/template.ts, so that they agree.`,
    )
  }
}

/**
 * The wiring that a synthesized template describes.
 *
 * @param template the parsed JSON
 * @throws WiringError naming the first thing that is missing, or that is there and not understood
 */
export function readWiring(template: unknown): Wiring {
  const { Resources } = parse(Template, template, 'the template')
  const bucket = only(Resources, 'AWS::S3::Bucket', Bucket)
  const { importQueue, deadLetters } = readQueues(Resources)
  const importer = only(Resources, 'AWS::Lambda::Function', Function)
  const source = only(Resources, 'AWS::Lambda::EventSourceMapping', EventSource)
  if (source.EventSourceArn !== importQueue.id)
    throw new WiringError(`the function is fed by ${source.EventSourceArn}, expected the import queue`)
  if (source.FunctionName !== importer.id)
    throw new WiringError(`the import queue feeds ${source.FunctionName}, expected ${importer.id}`)

  const { RedriveAllowPolicy } = deadLetters
  const ends = `:${written(importQueue.QueueName)}`
  const stranger = RedriveAllowPolicy.sourceQueueArns.find((arn) => !written(arn).endsWith(ends))
  if (stranger !== undefined) throw new WiringError('the dead-letter queue is open to a queue that is not the import queue')

  return {
    bucket: { versioned: bucket.VersioningConfiguration?.Status === 'Enabled' },
    notifications: bucket.NotificationConfiguration.QueueConfigurations.map((configuration) =>
      readNotification(configuration, importQueue.id),
    ),
    importQueue: {
      visibilityTimeoutSeconds: importQueue.VisibilityTimeout,
      retentionSeconds: importQueue.MessageRetentionPeriod,
      maxReceiveCount: importQueue.RedrivePolicy.maxReceiveCount,
    },
    deadLetterQueue: {
      retentionSeconds: deadLetters.MessageRetentionPeriod,
      redriveAllow: {
        permission: RedriveAllowPolicy.redrivePermission,
        sourceQueues: RedriveAllowPolicy.sourceQueueArns.map(() => 'import'),
      },
    },
    function: {
      timeoutSeconds: importer.Timeout,
      memoryMb: importer.MemorySize,
      environment: readEnvironment(importer.Environment.Variables, Resources, importQueue.id, deadLetters.id),
    },
    eventSource: {
      batchSize: source.BatchSize,
      maximumConcurrency: source.ScalingConfig.MaximumConcurrency,
      reportBatchItemFailures: source.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    },
  }
}

/** The environment of the function, with each reference replaced by what it leads to. */
export function resolveEnvironment(
  environment: Wiring['function']['environment'],
  resolve: (to: Reference['to']) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, typeof value === 'string' ? value : resolve(value.to)]),
  )
}

/** `{ "Ref": … }` and `{ "Fn::GetAtt": [ …, "Arn" ] }`: the logical id that they lead to. */
const Ref = v.pipe(
  v.strictObject({ Ref: v.string() }),
  v.transform(({ Ref: id }) => id),
)
const Arn = v.pipe(
  v.strictObject({ 'Fn::GetAtt': v.strictTuple([v.string(), v.literal('Arn')]) }),
  v.transform(({ 'Fn::GetAtt': [id] }) => id),
)
/** A text that is put together when the stack is made. */
const Text = v.unknown()

const Resource = v.object({ Type: v.string(), Properties: v.optional(v.record(v.string(), v.unknown()), {}) })
const Template = v.object({ Resources: v.record(v.string(), Resource) })
type Resources = v.InferOutput<typeof Template>['Resources']

const QueueConfiguration = v.strictObject({
  Event: v.string(),
  Queue: Arn,
  Filter: v.strictObject({
    S3Key: v.strictObject({ Rules: v.array(v.strictObject({ Name: v.picklist(['prefix', 'suffix']), Value: v.string() })) }),
  }),
})
const Bucket = v.object({
  VersioningConfiguration: v.optional(v.object({ Status: v.string() })),
  // Strict: a topic or a function that hears of drops too would not be there in local mode.
  NotificationConfiguration: v.strictObject({ QueueConfigurations: v.pipe(v.array(QueueConfiguration), v.minLength(1)) }),
})
const ImportQueue = v.object({
  QueueName: Text,
  VisibilityTimeout: v.number(),
  MessageRetentionPeriod: v.number(),
  RedrivePolicy: v.strictObject({ deadLetterTargetArn: Arn, maxReceiveCount: v.number() }),
})
const DeadLetterQueue = v.object({
  MessageRetentionPeriod: v.number(),
  RedriveAllowPolicy: v.strictObject({ redrivePermission: v.literal('byQueue'), sourceQueueArns: v.array(Text) }),
})
const Function = v.object({
  Timeout: v.number(),
  MemorySize: v.number(),
  Environment: v.object({ Variables: v.record(v.string(), v.union([v.string(), Ref])) }),
})
const EventSource = v.object({
  EventSourceArn: Arn,
  FunctionName: Ref,
  BatchSize: v.number(),
  FunctionResponseTypes: v.optional(v.array(v.string()), []),
  ScalingConfig: v.object({ MaximumConcurrency: v.number() }),
})

/** The one resource of its type. */
function only<S extends PropertiesSchema>(resources: Resources, type: string, schema: S) {
  const found = ofType(resources, type)
  const [first] = found
  if (first === undefined || found.length > 1)
    throw new WiringError(`it has ${found.length} resources of type ${type}, expected one`)
  return read(first, schema)
}

/** The import queue is the one that names another as its dead-letter queue. */
function readQueues(resources: Resources) {
  const queues = ofType(resources, 'AWS::SQS::Queue')
  const [first, ...more] = queues.filter(([, { Properties }]) => 'RedrivePolicy' in Properties)
  if (first === undefined || more.length > 0) {
    throw new WiringError(
      `${more.length + (first === undefined ? 0 : 1)} queues have a RedrivePolicy, expected one: the import queue`,
    )
  }
  const importQueue = read(first, ImportQueue)
  const target = importQueue.RedrivePolicy.deadLetterTargetArn
  const found = queues.find(([id]) => id === target)
  if (found === undefined || queues.length > 2)
    throw new WiringError(`it has ${queues.length} queues, expected the import queue and ${target}`)
  return { importQueue, deadLetters: read(found, DeadLetterQueue) }
}

function readNotification(
  { Event, Queue, Filter }: v.InferOutput<typeof QueueConfiguration>,
  importQueueId: string,
): Notification {
  if (Queue !== importQueueId) throw new WiringError(`the bucket sends events to ${Queue}, expected the import queue`)
  const rule = (name: 'prefix' | 'suffix') => Filter.S3Key.Rules.find(({ Name }) => Name === name)?.Value ?? ''
  return { events: [Event], prefix: rule('prefix'), suffix: rule('suffix'), queue: 'import' }
}

function readEnvironment(
  variables: v.InferOutput<typeof Function>['Environment']['Variables'],
  resources: Resources,
  importQueueId: string,
  deadLettersId: string,
): Record<string, string | Reference> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, toReference(name, value)]))

  function toReference(name: string, value: string): string | Reference {
    if (value === importQueueId) return { to: 'importQueueUrl' }
    if (value === deadLettersId) return { to: 'deadLetterQueueUrl' }
    if (resources[value]?.Type === 'AWS::SecretsManager::Secret') return { to: 'apiKeySecretArn' }
    if (resources[value]?.Type === 'AWS::S3::Bucket') return { to: 'bucket' }
    if (value in resources)
      throw new WiringError(`the function's ${name} refers to ${value}, expected the bucket, a queue or the secret`)
    return value
  }
}

type PropertiesSchema = v.GenericSchema<unknown, object>
type Found = readonly [id: string, v.InferOutput<typeof Resource>]

function ofType(resources: Resources, type: string): readonly Found[] {
  return Object.entries(resources).filter(([, resource]) => resource.Type === type)
}

function read<S extends PropertiesSchema>([id, { Properties }]: Found, schema: S) {
  return { id, ...parse(schema, Properties, `the Properties of ${id}`) }
}

function parse<S extends v.GenericSchema>(schema: S, value: unknown, where: string): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value)
  if (parsed.success) return parsed.output
  const [{ expected, received, path = [] }] = parsed.issues
  const deployment = path.map(({ key }) => String(key)).join('.')
  throw new WiringError(
    `in ${where}, ${deployment === '' ? 'the whole' : deployment} is ${received}, expected ${expected ?? 'something else'}`,
  )
}

/** A text as the template has it, so that two that are put together alike can be compared. */
function written(text: unknown): string {
  if (typeof text === 'string') return text
  const join = v.safeParse(Join, text)
  if (!join.success) return JSON.stringify(text)
  const [separator, parts] = join.output['Fn::Join']
  return parts.map(written).join(separator)
}

const Join = v.strictObject({ 'Fn::Join': v.strictTuple([v.string(), v.array(v.unknown())]) })
