// The package's main entry loads all of undici, with its mocks and WebSockets. These two files are a third of that code.
declare module 'undici/lib/dispatcher/client.js' {
  import type { Client } from 'undici'
  const client: typeof Client
  export default client // eslint-disable-line no-restricted-exports -- the module exports it like this
}

declare module 'undici/lib/core/connect.js' {
  import type { buildConnector } from 'undici'
  const build: typeof buildConnector
  export default build // eslint-disable-line no-restricted-exports -- the module exports it like this
}
