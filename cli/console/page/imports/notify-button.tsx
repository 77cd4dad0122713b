import { askForNotifications, permission } from '../done-notification.ts'

/** Asks the browser for notifications, only when the user wants them. */
export function NotifyButton() {
  if (permission.value === 'granted') return <span class="muted">The browser tells you when an import ends.</span>
  if (permission.value !== 'default') return null
  return (
    <button
      type="button"
      onClick={() => {
        void askForNotifications()
      }}
    >
      Notify me when it is done
    </button>
  )
}
