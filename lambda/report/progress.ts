/** How far an import was at one moment. */
export interface ProgressPoint {
  /** Milliseconds since the import began, pauses between its invocations included. */
  readonly atMs: number
  readonly delivered: number
  /** Rejected, or refused by the endpoint. */
  readonly notDelivered: number
}

/** Enough for a picture, and little enough to be written every two seconds. */
const MOST_POINTS = 100
/** So many are left when there were too many. */
const KEPT_POINTS = 50

/**
 * The course of an import with one more point. Where there are too many, some go, so that those that are left stand about as far apart as
 * each other, however long the import is.
 */
export function withPoint(points: readonly ProgressPoint[], point: ProgressPoint): readonly ProgressPoint[] {
  // Where nothing went on, the later of two points says it.
  const isStill = isSame(points.at(-1), point) && isSame(points.at(-2), point)
  const all = [...(isStill ? points.slice(0, -1) : points), point]
  return all.length <= MOST_POINTS ? all : thinned(all, point)
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
