import type { Plugin } from 'esbuild'

/** node:assert loads seven further modules of Node, which is 1 % of a cold start. undici needs it only when an assertion fails. */
export const lazyAssert: Plugin = {
  name: 'lazy-assert',
  setup: (build) => {
    build.onResolve({ filter: /^node:assert$/ }, ({ path }) => ({ path, namespace: 'lazy-assert' }))
    build.onLoad({ filter: /^node:assert$/, namespace: 'lazy-assert' }, () => ({ contents: LAZY_ASSERT }))
  },
}

const LAZY_ASSERT = `module.exports = (value, message) => {
  if (!value) process.getBuiltinModule('node:assert')(value, message ?? 'An assertion failed.')
}`
