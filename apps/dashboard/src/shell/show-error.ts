import { notifications } from '@mantine/notifications';

export function showError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  notifications.show({ title: 'That did not work', message, color: 'red', autoClose: 8_000 });
}
