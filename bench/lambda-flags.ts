/**
 * How Lambda starts Node in a function of 1,024 MB: a tenth of the memory for young objects, in two halves, and the rest for old ones.
 * Without them, V8 would grow its heap with the memory of this computer.
 */
export const LAMBDA_FLAGS = [
  '--expose-gc',
  '--max-http-header-size=81920',
  '--max-semi-space-size=51',
  '--max-old-space-size=922',
]
