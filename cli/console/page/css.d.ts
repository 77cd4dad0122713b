/** A style sheet that is brought in by a script: the bundle puts it into page.css. */
declare module '*.css'
