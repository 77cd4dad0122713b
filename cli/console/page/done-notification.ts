import { signal } from '@preact/signals'

type Permission = NotificationPermission | 'unsupported'

/** Whether the user wants notifications. */
export const permission = signal<Permission>('Notification' in globalThis ? Notification.permission : 'unsupported')

export async function askForNotifications(): Promise<void> {
  permission.value = await Notification.requestPermission()
}

export function canNotify(): boolean {
  return permission.value === 'granted'
}

/** Shows a notification of the browser, if the user has asked for it and does not see the page. */
export function notifyDone(text: string): void {
  if (!canNotify() || document.visibilityState === 'visible') return
  const notification = new Notification('Kissmetrics importer', { body: text, tag: 'import-done' })
  notification.addEventListener('click', () => {
    window.focus()
    notification.close()
  })
}
