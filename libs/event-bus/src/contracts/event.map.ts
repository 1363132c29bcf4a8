/**
 * The payloads of plain channels, by channel or template. Empty, and then every channel takes any payload, until an
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
 * `publish('orders:created', …)` and the methods under `@OnEvent('orders:created')` are then checked by the compiler, and by
 * nothing at run time: a contract ({@link defineEvent}) does both. A channel that it does not name still takes any payload.
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

/** What may be published on a channel: what the {@link EventMap} says, or anything where it says nothing. */
export type ChannelPayload<Channel> = [keyof EventMap] extends [never]
  ? unknown
  : [MappedPayload<Channel>] extends [never]
    ? unknown
    : MappedPayload<Channel>;

type Known<Payload> = unknown extends Payload ? never : Payload;

/** What contracts and the {@link EventMap} say of the payload under a target, or under any of a list; never where they say nothing. */
export type TargetPayload<Target> = Target extends readonly (infer One)[]
  ? TargetPayload<One>
  : Target extends { readonly types: { readonly output: infer Output } }
    ? Known<Output>
    : Target extends keyof EventMap
      ? Known<EventMap[Target]>
      : never;
