/** The payload is the `Notification` that was sent. */
export function notificationSentChannel(customerId: string): string {
  return `notifications:${customerId}:sent`;
}
