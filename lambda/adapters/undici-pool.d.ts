// The package's main entry loads all of undici, with its mocks and WebSockets. The pool alone is a third of that code.
declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici'
  const pool: typeof Pool
  export default pool // eslint-disable-line no-restricted-exports -- the module exports it like this
}
