import { ChangeMessageVisibilityCommand, DeleteMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { countsOf, createPair, localSqs, receive, type LocalSqs } from './local-sqs.ts'

const MAX_RECEIVES = 2

interface ModelMessage {
  readonly body: string
  place: 'queue' | 'dead'
  visibleAt: number
  received: number
  receivedHere: number
  /** Number of the delivery: only the receipt handle of the last one is valid. */
  delivery: number | undefined
}

/** The simplest model of SQS: a list of messages, each with the time from which it is visible. */
class Model {
  readonly messages: ModelMessage[] = []
  #deliveries = 0

  send(body: string, visibleAt: number): void {
    this.messages.push({ body, place: 'queue', visibleAt, received: 0, receivedHere: 0, delivery: undefined })
  }

  receive(
    place: ModelMessage['place'],
    max: number,
    visibilitySeconds: number,
    now: number,
  ): readonly (readonly [ModelMessage, number])[] {
    const handedOut: [ModelMessage, number][] = []
    for (const message of this.#visible(place, now)) {
      if (handedOut.length === max) break
      if (place === 'queue' && message.receivedHere >= MAX_RECEIVES) {
        Object.assign(message, { place: 'dead', visibleAt: now, receivedHere: 0, delivery: undefined })
        continue
      }
      this.#deliveries += 1
      Object.assign(message, {
        visibleAt: now + visibilitySeconds * 1000,
        received: message.received + 1,
        receivedHere: message.receivedHere + 1,
        delivery: this.#deliveries,
      })
      handedOut.push([message, this.#deliveries])
    }
    return handedOut
  }

  delete(message: ModelMessage, delivery: number): void {
    if (message.delivery === delivery && this.messages.includes(message)) this.messages.splice(this.messages.indexOf(message), 1)
  }

  /** @returns whether the message exists */
  changeVisibility(message: ModelMessage, delivery: number, place: ModelMessage['place'], seconds: number, now: number): boolean {
    if (!this.messages.includes(message) || message.place !== place) return false
    if (message.delivery === delivery && message.visibleAt > now) message.visibleAt = now + seconds * 1000
    return true
  }

  counts(place: ModelMessage['place'], now: number): readonly number[] {
    const here = this.messages.filter((message) => message.place === place)
    const hidden = here.filter(({ visibleAt }) => visibleAt > now)
    const out = hidden.filter(({ delivery }) => delivery !== undefined)
    return [here.length - hidden.length, out.length, hidden.length - out.length]
  }

  /** Sorted by the time since which a message is visible, then by age. */
  #visible(place: ModelMessage['place'], now: number): readonly ModelMessage[] {
    return this.messages
      .filter((message) => message.place === place && message.visibleAt <= now)
      .toSorted((a, b) => a.visibleAt - b.visibleAt)
  }
}

const place = fc.constantFrom('queue' as const, 'dead' as const)
const which = fc.nat({ max: 30 })
const seconds = fc.constantFrom(0, 1, 29, 30, 31)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), delay: fc.constantFrom(0, 0, 1, 30) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('receive' as const), place, max: fc.integer({ min: 1, max: 10 }), seconds }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('change' as const), which, seconds }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 999, 1_000, 29_999, 30_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)

let now = 1_700_000_000_000
let local: LocalSqs
let runs = 0
beforeAll(async () => {
  local = await localSqs({ now: () => now, releaseInFlightOnStart: false })
})
afterAll(async () => {
  await local[Symbol.asyncDispose]()
})

test('for any sequence of operations it answers like the model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      runs += 1
      const name = `q${runs}`
      await createPair(local.sqs, name, MAX_RECEIVES)
      const model = new Model()
      const url = (place: ModelMessage['place']): string => local.server.queueUrl(place === 'queue' ? name : `${name}-dead`)
      const deliveries: { message: ModelMessage; delivery: number; place: ModelMessage['place']; receipt: string }[] = []

      for (const [index, action] of steps.entries()) {
        if (action.do === 'pass') now += action.ms
        if (action.do === 'restart') local = await local.restart()
        if (action.do === 'send') {
          model.send(String(index), now + action.delay * 1000)
          await local.sqs.send(
            new SendMessageCommand({ QueueUrl: url('queue'), MessageBody: String(index), DelaySeconds: action.delay }),
          )
        }
        if (action.do === 'receive') {
          const expected = model.receive(action.place, action.max, action.seconds, now)
          const options = { MaxNumberOfMessages: action.max, VisibilityTimeout: action.seconds }
          const messages = await receive(local.sqs, url(action.place), options)
          const facts = messages.map(({ Body, Attributes }) => [Body, Attributes?.ApproximateReceiveCount])
          expect(facts).toEqual(expected.map(([{ body, received }]) => [body, String(received)]))
          for (const [at, [message, delivery]] of expected.entries()) {
            deliveries.push({ message, delivery, place: action.place, receipt: messages[at]!.ReceiptHandle! })
          }
        }
        if ((action.do === 'delete' || action.do === 'change') && deliveries.length > 0) {
          const { message, delivery, place, receipt } = deliveries[action.which % deliveries.length]!
          const input = { QueueUrl: url(place), ReceiptHandle: receipt }
          if (action.do === 'delete') {
            model.delete(message, delivery)
            await local.sqs.send(new DeleteMessageCommand(input))
          } else {
            const changed = local.sqs.send(new ChangeMessageVisibilityCommand({ ...input, VisibilityTimeout: action.seconds }))
            const isThere = model.changeVisibility(message, delivery, place, action.seconds, now)
            await (isThere ? changed : expect(changed).rejects.toMatchObject({ name: 'InvalidParameterValue' }))
          }
        }
        const counts = await Promise.all([countsOf(local.sqs, url('queue')), countsOf(local.sqs, url('dead'))])
        expect(counts).toEqual([model.counts('queue', now), model.counts('dead', now)])
      }
    }),
    { numRuns: 60 },
  )
})
