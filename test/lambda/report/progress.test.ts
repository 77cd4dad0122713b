import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { withPoint, type ProgressPoint } from '../../../lambda/report/progress.ts'

const progressOf = (points: readonly ProgressPoint[]): readonly ProgressPoint[] =>
  points.reduce<readonly ProgressPoint[]>((all, point) => withPoint(all, point), [])

const steps = fc
  .array(fc.record({ ms: fc.nat(10_000), delivered: fc.nat(500), notDelivered: fc.nat(3) }), { maxLength: 700 })
  .map((all) => {
    const last = { atMs: 0, delivered: 0, notDelivered: 0 }
    return all.map(({ ms, delivered, notDelivered }) => {
      last.atMs += ms
      last.delivered += delivered
      last.notDelivered += notDelivered
      return { ...last }
    })
  })

test('the progress of an import ends with its last point, and has at most a hundred', () => {
  fc.assert(
    fc.property(steps, (points) => {
      const kept = progressOf(points)
      expect(kept.length).toBeLessThanOrEqual(100)
      expect(kept.at(-1)).toEqual(points.at(-1))
      for (const point of kept) expect(points).toContainEqual(point)
      expect(kept).toEqual(kept.toSorted((a, b) => a.atMs - b.atMs))
    }),
  )
})

test('the points of a long import are evenly spaced in time', () => {
  const kept = progressOf(
    Array.from({ length: 1_000 }, (_, index) => ({ atMs: index * 2_000, delivered: index * 50, notDelivered: 0 })),
  )
  const gaps = kept.slice(1).map(({ atMs }, index) => atMs - kept[index]!.atMs)
  expect(kept.length).toBeGreaterThan(25)
  expect(kept[0]).toEqual({ atMs: 0, delivered: 0, notDelivered: 0 })
  expect(Math.max(...gaps)).toBeLessThan(100_000)
})

test('a pause takes two points, however long it is', () => {
  const pause = Array.from({ length: 60 }, (_, index) => ({ atMs: 1_000 + index * 1_000, delivered: 10, notDelivered: 1 }))
  const kept = progressOf([
    { atMs: 0, delivered: 0, notDelivered: 0 },
    ...pause,
    { atMs: 70_000, delivered: 20, notDelivered: 1 },
  ])
  expect(kept.map(({ atMs }) => atMs)).toEqual([0, 1_000, 60_000, 70_000])
})
