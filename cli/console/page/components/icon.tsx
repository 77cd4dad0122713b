import type { ComponentChildren } from 'preact'
import type { Tone } from '../labels.ts'
import './icon.css'

/** Each tone has its own shape, so that it can be recognized without its colour. */
const SHAPES: Readonly<Record<Tone, ComponentChildren>> = {
  running: (
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
  warning: (
    <>
      <path d="M8 2.2 14.3 13.3H1.7Z" />
      <path d="M8 6.5v3.2M8 11.3v.2" />
    </>
  ),
  error: (
    <>
      <path d="M5.2 2h5.6L14 5.2v5.6L10.8 14H5.2L2 10.8V5.2Z" />
      <path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4" />
    </>
  ),
  neutral: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M5.5 8h5" />
    </>
  ),
}

export function Icon({ tone }: { readonly tone: Tone }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {SHAPES[tone]}
    </svg>
  )
}

/** A short text with an icon and a colour. */
export function Status({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return (
    <span class={`status ${tone}`}>
      <Icon tone={tone} />
      {children}
    </span>
  )
}
