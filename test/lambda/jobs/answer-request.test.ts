import { describe, expect, test } from '@jest/globals'
import { readMessage } from '../../../lambda/intake/message.ts'
import { requestAnswer, requestMissingAnswer } from '../../../lambda/jobs/answer-request.ts'
import type { Report } from '../../../lambda/report/report.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'
import { reportWith } from './closed-reports.ts'

const withAnswers = (): MemoryCloud => new MemoryCloud({ answers: { channels: [], commandOptions: '' } })

const asked = (cloud: MemoryCloud) => cloud.sent.map(({ body }) => readMessage(body))

describe('an answer is asked for', () => {
  test('by a message at once, about one version of the file', async () => {
    const cloud = withAnswers()
    const since = cloud.clock.now()
    await requestAnswer({ ...FILE, bytes: 90 }, cloud.ports)
    expect(asked(cloud)).toMatchObject([[{ kind: 'answer', task: { file: FILE, since, tries: 0, done: [], refused: [] } }]])
    expect(cloud.sent[0]?.delaySeconds).toBe(0)
  })

  test('about a file in a bucket without versions', async () => {
    const cloud = withAnswers()
    await requestAnswer({ bucket: 'b', key: 'incoming/a.json' }, cloud.ports)
    expect(asked(cloud)).toMatchObject([[{ kind: 'answer', task: { file: { bucket: 'b', key: 'incoming/a.json' } } }]])
  })

  test('or the run fails, so that its message is delivered again', async () => {
    const cloud = withAnswers()
    cloud.failing.add('importQueue.send')
    await expect(requestAnswer(FILE, cloud.ports)).rejects.toThrow('importQueue.send failed')
  })
})

test('nothing is asked for if answers are pushed nowhere', async () => {
  const cloud = new MemoryCloud()
  await requestAnswer(FILE, cloud.ports)
  await requestMissingAnswer(reportWith(1), cloud.ports)
  expect(cloud.sent).toEqual([])
})

describe('of a report that was found, an answer is asked for', () => {
  // prettier-ignore
  test.each<[string, Partial<Report>, number]>([
    [ 'if it was not answered yet',                         {},                                                             1 ],
    [ 'if its state has changed since',                     { answered: { state: 'held', at: 'x' } },                       1 ],
    [ 'not if it was answered',                             { answered: { state: 'complete-with-rejects', at: 'x' } },      0 ],
    [ 'not if a receiver has refused the answer',           { answered: { state: 'complete-with-rejects', at: 'x', refused: ['webhook'] } }, 0 ],
    [ 'not while the import runs',                          { state: 'importing' },                                         0 ],
    [ 'if the file waits for a person',                     { state: 'held' },                                              1 ],
  ])('%s', async (_what, extra, messages) => {
    const cloud = withAnswers()
    await requestMissingAnswer({ ...reportWith(1), ...extra }, cloud.ports)
    expect(cloud.sent).toHaveLength(messages)
  })
})
