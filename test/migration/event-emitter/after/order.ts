export interface Order {
  readonly id: string;
  readonly total: number;
  /** ISO 8601. */
  readonly placedAt: string;
}
