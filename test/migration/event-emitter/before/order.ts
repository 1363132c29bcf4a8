export interface Order {
  readonly id: string;
  readonly total: number;
  readonly placedAt: Date;
}
