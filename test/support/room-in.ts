import type { BackPressure } from '../../lambda/settle/back-pressure.ts'

/** Resolves when every stage takes another line. @throws the error of the back-pressure object */
export async function roomIn(backPressure: BackPressure): Promise<void> {
  await backPressure.passAll([undefined], () => undefined)
}
