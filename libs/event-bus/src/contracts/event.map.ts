/**
 * The payload types of plain channels, by channel or template. It is empty, so that every channel takes any payload, until an
 * application declares its own:
 *
 * ```ts
 * declare module 'nestjs-redis-event-bus' {
 *   interface EventMap {
 *     'orders:created': Order;
 *     'orders:<orderId>:paid': { total: number };
 *   }
 * }
 * ```
 *
 * The compiler then checks `publish('orders:created', …)` and the methods decorated with `@OnEvent('orders:created')`. Nothing
 * is checked at run time: a contract ({@link defineEvent}) does both. A channel that the map lacks still takes any payload.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- it is for applications to fill
export interface EventMap {}

/** The channels of a template as a type: `orders:${string}:created`. */
type ChannelsOf<Template> = Template extends `${infer Head}<${string}>${infer Tail}`
  ? `${Head}${string}${ChannelsOf<Tail>}`
  : Template;

type MappedPayload<Channel> = Channel extends keyof EventMap
  ? EventMap[Channel]
  : {
      [Name in keyof EventMap]: Channel extends ChannelsOf<Name> ? EventMap[Name] : never;
    }[keyof EventMap];

/** The payload type of a channel: that of the {@link EventMap}, or unknown if the map lacks the channel. */
export type ChannelPayload<Channel> = [keyof EventMap] extends [never]
  ? unknown
  : [MappedPayload<Channel>] extends [never]
    ? unknown
    : MappedPayload<Channel>;

type Known<Payload> = unknown extends Payload ? never : Payload;

/** The payload type of a target or of a list of targets, from contracts and the {@link EventMap}; never if it is unknown. */
export type TargetPayload<Target> = Target extends readonly (infer One)[]
  ? TargetPayload<One>
  : Target extends { readonly types: { readonly output: infer Output } }
    ? Known<Output>
    : Target extends keyof EventMap
      ? Known<EventMap[Target]>
      : never;
