import type { Deployment } from '../../../cli/deployment/deployment.ts'

/**
 * The deployment as a process sees it that is killed: from then on, no request has an effect. To receive a message changes nothing that
 * stays, so those requests are not counted.
 *
 * @param cloud the deployment
 * @param killedAt the request before which it is killed, from 1
 */
export function killable(
  cloud: Deployment,
  killedAt: number,
): { readonly deployment: Deployment; readonly requests: () => number } {
  let requests = 0
  const killed = <Client extends object>(client: Client): Client =>
    new Proxy(client, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'send' || typeof value !== 'function') return value
        return async (command: object, ...rest: readonly unknown[]): Promise<unknown> => {
          if (command.constructor.name !== 'ReceiveMessageCommand') requests += 1
          if (requests >= killedAt) throw new Error('killed')
          return await (Reflect.apply(value, target, [command, ...rest]) as Promise<unknown>)
        }
      },
    })
  const { s3, sqs } = cloud
  return { deployment: { ...cloud, s3: killed(s3), sqs: killed(sqs) }, requests: () => requests }
}
