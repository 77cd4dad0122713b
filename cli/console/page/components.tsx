import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { relativeText, timeText, visibleParts } from './format.ts'
import type { Tone } from './labels.ts'

/** Foreign text. Never anything but text: whatever cannot be seen in it is written as an escape. */
export function Foreign({ text, most = 600 }: { readonly text: string; readonly most?: number }) {
  return <>{visibleParts(text, most).map((part) => (part.isEscape ? <span class="escape">{part.text}</span> : part.text))}</>
}

/** A sentence of ours, in which names of fields stand between backticks. */
export function Prose({ text }: { readonly text: string }) {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>
}

/** One shape for each tone, so that it can be told without its colour. */
const SHAPES: Readonly<Record<Tone, ComponentChildren>> = {
  going: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.5V8l2.5 1.5" />
    </>
  ),
  good: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="m5.3 8.2 1.9 1.9 3.5-4" />
    </>
  ),
  warn: (
    <>
      <path d="M8 2.2 14.3 13.3H1.7Z" />
      <path d="M8 6.5v3.2M8 11.3v.2" />
    </>
  ),
  bad: (
    <>
      <path d="M5.2 2h5.6L14 5.2v5.6L10.8 14H5.2L2 10.8V5.2Z" />
      <path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4" />
    </>
  ),
  idle: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M5.5 8h5" />
    </>
  ),
}

export function Sign({ tone }: { readonly tone: Tone }) {
  return (
    <svg class="sign" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {SHAPES[tone]}
    </svg>
  )
}

/** Something to be known, with its sign. @param role `alert` where it must be heard at once */
export function Notice({
  tone,
  role,
  children,
}: {
  readonly tone: Tone
  readonly role?: 'alert' | 'status'
  readonly children: ComponentChildren
}) {
  return (
    <div class={`notice ${tone}`} {...(role !== undefined && { role })}>
      <Sign tone={tone} />
      <div>{children}</div>
    </div>
  )
}

export function When({ iso }: { readonly iso: string }) {
  const now = useNow()
  return (
    <time dateTime={iso} title={iso}>
      {relativeText(iso, now)}
    </time>
  )
}

export function Time({ iso }: { readonly iso: string }) {
  return (
    <time dateTime={iso} title={iso}>
      {timeText(iso)}
    </time>
  )
}

const NOW_MS = 10_000

function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now())
    }, NOW_MS)
    return () => {
      clearInterval(timer)
    }
  }, [])
  return Math.max(now, 0)
}

/** The heading of a view; it is given the focus when the view is opened, so that whoever does not see the page knows where they are. */
export function Title({ children }: { readonly children: ComponentChildren }) {
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

/** When the page itself is opened, the browser begins at its start. */
let isFirst = true
