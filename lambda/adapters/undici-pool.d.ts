// The package's front door loads all of undici, its mocks and WebSockets too; the pool alone is a third of the code at start.
declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici'
  const pool: typeof Pool
  export default pool // eslint-disable-line no-restricted-exports -- it is how the module is made
}
