import type { ComponentChildren } from 'preact'
import type { Tone } from '../labels.ts'
import { Icon } from './icon.tsx'
import './notice.css'

interface NoticeProps {
  readonly tone: Tone
  /** `alert`: screen readers read it immediately. */
  readonly role?: 'alert' | 'status'
  readonly children: ComponentChildren
}

/** A message in a coloured box with an icon. */
export function Notice({ tone, role, children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} {...(role !== undefined && { role })}>
      <Icon tone={tone} />
      <div>{children}</div>
    </div>
  )
}
