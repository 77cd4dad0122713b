/** A style sheet that a script imports: esbuild puts it into page.css. */
declare module '*.css'
