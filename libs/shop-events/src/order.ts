import { z } from 'zod';

/** Part of a channel name, so it has no separator (`:`) and no glob characters. */
export const customerIdSchema = z
  .string(rule('a string'))
  .regex(/^[\w.@+-]{1,64}$/, rule('1 to 64 letters, digits or any of . _ - @ +'));

export const orderStatusSchema = z.enum(['created', 'paid', 'shipped', 'cancelled']);

/** Prices are in units of the shop's currency (12.5 is twelve and a half), to the cent. */
export const orderItemSchema = z.object(
  {
    sku: z
      .string(rule('a string'))
      .trim()
      .regex(/^.{1,64}$/, rule('1 to 64 characters on one line')),
    quantity: z
      .number(rule('a number'))
      .refine(
        (value) => Number.isInteger(value) && value >= 1 && value <= 1_000,
        rule('a whole number from 1 to 1000'),
      ),
    unitPrice: z
      .number(rule('a number'))
      .refine(
        (value) => isAmount(value) && value <= 1_000_000,
        rule('an amount from 0 to 1000000 with at most two decimal places'),
      ),
  },
  rule('an object with sku, quantity and unitPrice'),
);

/** A status that an order reached, and when. */
export const reachedStatusSchema = z.object({ status: orderStatusSchema, at: z.iso.datetime() });

/** The payload of every event on `orders:*`, and what the orders service stores. */
export const orderSchema = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  customerId: customerIdSchema,
  items: z.array(orderItemSchema).min(1).max(100),
  total: z.number().refine(isAmount),
  status: orderStatusSchema,
  createdAt: z.iso.datetime(),
  /** When it reached its status. */
  updatedAt: z.iso.datetime(),
  /** Every status that it has reached so far, in order: each occurs once, and the last is the current one. */
  history: z.array(reachedStatusSchema).min(1).max(orderStatusSchema.options.length),
});

export type OrderStatus = z.infer<typeof orderStatusSchema>;
export type OrderItem = Readonly<z.infer<typeof orderItemSchema>>;
export type ReachedStatus = Readonly<z.infer<typeof reachedStatusSchema>>;
export type Order = Readonly<Omit<z.infer<typeof orderSchema>, 'items' | 'history'>> & {
  readonly items: readonly OrderItem[];
  readonly history: readonly ReachedStatus[];
};

/** Whether it is an amount of money: not negative, in whole cents, small enough to add up exactly. */
export function isAmount(value: number): boolean {
  const cents = Math.round(value * 100);
  return value >= 0 && Number.isSafeInteger(cents) && cents / 100 === value;
}

function rule(expected: string) {
  return {
    error: ({ input }: { input?: unknown }) => (input === undefined ? 'is required' : `must be ${expected}`),
  };
}
