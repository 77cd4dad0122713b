import { useId, type Dispatch } from 'preact/hooks'

/** UTC, and the offsets that are in use. */
const ZONES: readonly string[] = [
  'UTC',
  ...Array.from({ length: 27 }, (_, index) => index - 12)
    .filter((hours) => hours !== 0)
    .map((hours) => `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`),
  ...['-09:30', '-03:30', '+03:30', '+04:30', '+05:30', '+05:45', '+06:30', '+08:45', '+09:30', '+10:30', '+12:45'],
]

interface ZoneFieldProps {
  readonly zone: string
  readonly onZone: Dispatch<string>
  /** What it means to choose none. */
  readonly none: string
}

/** Only the user knows in which zone dates without one were written. */
export function ZoneField({ zone, onZone, none }: ZoneFieldProps) {
  const id = useId()
  return (
    <>
      <label for={id}>dates without a time zone are in</label>
      <select
        id={id}
        value={zone}
        onChange={({ currentTarget }) => {
          onZone(currentTarget.value)
        }}
      >
        <option value="">{none}</option>
        {ZONES.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </>
  )
}
