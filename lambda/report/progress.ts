/** How far an import was at one time. */
export interface ProgressPoint {
  /** Milliseconds since the import began, including pauses between invocations. */
  readonly atMs: number
  readonly delivered: number
  /** Rejected, or refused by the endpoint. */
  readonly notDelivered: number
}

/** Enough for a chart, and small enough to write every two seconds. */
const MAX_POINTS = 100
/** How many points are kept when there are too many. */
const KEPT_POINTS = 50

/** Adds a point to the progress of an import. If there are too many points, it removes some, so that the rest are evenly spaced in time. */
export function withPoint(points: readonly ProgressPoint[], point: ProgressPoint): readonly ProgressPoint[] {
  // While nothing changes, only the first and the last point are kept.
  const isStill = isSame(points.at(-1), point) && isSame(points.at(-2), point)
  const all = [...(isStill ? points.slice(0, -1) : points), point]
  return all.length <= MAX_POINTS ? all : thinned(all, point)
}

function isSame(one: ProgressPoint | undefined, { delivered, notDelivered }: ProgressPoint): boolean {
  return one?.delivered === delivered && one.notDelivered === notDelivered
}

function thinned(points: readonly ProgressPoint[], last: ProgressPoint): readonly ProgressPoint[] {
  const apartMs = last.atMs / KEPT_POINTS
  let keptMs = -Infinity
  return points.filter((point) => {
    if (point !== last && point.atMs - keptMs < apartMs) return false
    keptMs = point.atMs
    return true
  })
}
