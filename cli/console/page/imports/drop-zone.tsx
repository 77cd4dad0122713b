import { useRef, useState } from 'preact/hooks'
import { FILE_SUFFIXES, PACKED_SUFFIXES } from '../../../../lambda/keys.ts'
import { chooseFiles } from './chosen-files.ts'
import './drop-zone.css'

export function DropZone() {
  const [isDraggedOver, setIsDraggedOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  return (
    <div
      class={isDraggedOver ? 'drop-zone over' : 'drop-zone'}
      onDragOver={() => {
        setIsDraggedOver(true)
      }}
      onDragLeave={() => {
        setIsDraggedOver(false)
      }}
      onDrop={() => {
        setIsDraggedOver(false) // main.tsx takes the files, wherever on the page they are dropped
      }}
    >
      <p>
        <strong>Drop files here</strong> or{' '}
        <label class="button">
          Choose files
          <input
            ref={input}
            type="file"
            multiple
            class="visually-hidden"
            accept={[...FILE_SUFFIXES, ...PACKED_SUFFIXES].join(',')}
            aria-describedby="drop-zone-hint"
            onChange={() => {
              chooseFiles(input.current?.files ?? [])
              if (input.current !== null) input.current.value = '' // so that the user can choose the same file again
            }}
          />
        </label>
      </p>
      <p id="drop-zone-hint" class="muted">
        One JSON object per line, as .json, .jsonl or .ndjson, or a CSV file in Kissmetrics’ layout, also compressed (.gz, .zip,
        .zst, .br). Your browser checks each file first. Nothing is sent until you choose Import.
      </p>
    </div>
  )
}
