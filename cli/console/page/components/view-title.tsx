import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** When the page itself opens, the browser starts at the top, so the first title does not take the focus. */
let isFirst = true

/** The heading of a view. It takes the focus when the view opens, so that screen readers announce the view. */
export function ViewTitle({ children }: { readonly children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (isFirst) isFirst = false
    else heading.current?.focus()
  }, [])
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  )
}
