import type { ComponentChildren } from 'preact'
import './fact.css'

interface FactProps {
  readonly name: string
  readonly note?: string
  readonly children: ComponentChildren
}

/** A name and its value, in a list with the class `import-facts`. */
export function Fact({ name, note = '', children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {note !== '' && <small>{note}</small>}
      </dd>
    </div>
  )
}
