/** The bundler makes a text of the file. */
declare module '*.md' {
  const text: string
  // eslint-disable-next-line no-restricted-exports -- the form that the bundler gives it
  export default text
}
