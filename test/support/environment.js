import vm from 'node:vm'
import { TestEnvironment } from 'jest-environment-node'

/**
 * Jest's own environment, but without an interceptor for each access to a global, which makes `Math.imul` or `Infinity` in a hot loop ten
 * times as slow as outside of Jest. In return, Jest does not empty the objects that a suite leaves in globals, which would save memory.
 */
export default class FastEnvironment extends TestEnvironment {
  constructor(...options) {
    const { createContext } = vm
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY)
    try {
      super(...options)
    } finally {
      vm.createContext = createContext
    }
  }
}

/**
 * What V8 made of each source, by its text; null for one that was compiled once. Jest compiles every module again for each suite, which takes
 * a quarter of the processor time of a short one.
 */
const compiled = new Map()

/** @param make compiles it, and returns what V8 made of it */
function remember(source, make) {
  if (compiled.has(source)) compiled.set(source, make())
  else compiled.set(source, null) // most of the suites themselves are compiled only once
}

const { SourceTextModule, compileFunction } = vm

vm.SourceTextModule = class extends SourceTextModule {
  constructor(source, options) {
    const cachedData = compiled.get(source) ?? undefined
    super(source, { ...options, cachedData })
    if (cachedData === undefined) remember(source, () => this.createCachedData())
  }
}

vm.compileFunction = (source, parameters, options) => {
  const cachedData = compiled.get(source) ?? undefined
  const produceCachedData = cachedData === undefined && compiled.has(source)
  const made = compileFunction(source, parameters, { ...options, cachedData, produceCachedData })
  if (cachedData === undefined) remember(source, () => made.cachedData)
  return made
}
