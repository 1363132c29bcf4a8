/** One metric, as a client of Prometheus wants to know it. */
export interface MetricDefinition {
  /** Without the prefix of the module. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Its labels besides `bus`. */
  readonly labels: readonly string[];
  /** How a cluster of processes joins its values. */
  readonly aggregator: 'sum' | 'min' | 'max';
}

export type MetricKey = keyof typeof METRICS;

const counter = (name: string, help: string, ...labels: readonly string[]): MetricDefinition => ({
  name: `${name}_total`,
  type: 'counter',
  help,
  labels,
  aggregator: 'sum',
});

const gauge = (
  name: string,
  help: string,
  labels: readonly string[],
  aggregator: MetricDefinition['aggregator'] = 'sum',
): MetricDefinition => ({ name, type: 'gauge', help, labels, aggregator });

const histogram = (name: string, help: string, ...labels: readonly string[]): MetricDefinition => ({
  name,
  type: 'histogram',
  help,
  labels,
  aggregator: 'sum',
});

/** Every metric. Labels hold what is declared in the code, never the name of a channel that comes with an event. */
export const METRICS = {
  published: counter(
    'published',
    'Events published, by template of the contract (other: without one) and outcome: ok, nobody (Redis counted no subscription), failed, unconfirmed (may have been delivered).',
    'channel_template',
    'kind',
    'outcome',
  ),
  received: counter(
    'received',
    'Events received, before any handler, by the target whose subscription delivered them (other: of listeners added at run time).',
    'target',
  ),
  handled: counter(
    'handled',
    'Events that a handler was called for, by outcome of the last call: ok, failed, refused (by a guard or a pipe), timeout.',
    'handler',
    'target',
    'outcome',
  ),
  retries: counter('handler_retries', 'Calls that failed and were made again.', 'handler'),
  duration: histogram('handler_duration_seconds', 'How long each call of a handler took.', 'handler'),
  wait: histogram('handler_wait_seconds', 'How long each event was pending for its handler before the call.'),
  rejected: counter(
    'rejected',
    'Events that no handler got: too-large, unreadable, invalid for their contract, or not claimable by a group.',
    'reason',
  ),
  dropped: counter('dropped', 'Events dropped because the buffer of a handler was full.', 'handler'),
  streamDropped: counter('stream_dropped', 'Events dropped because the buffer of a stream was full.'),
  leftToGroup: counter(
    'left_to_group',
    'Events that another instance of the group of the handler claimed.',
    'handler',
  ),
  deadLetters: counter('dead_letters', 'Dead letters, by outcome: published or lost.', 'outcome'),
  gaps: counter('gaps', 'Periods in which events may have been missed, by reason.', 'reason'),
  missed: counter('missed', 'Events that are certainly missing, dropped ones included.'),
  stuck: counter(
    'stuck',
    'Calls found not to end: of a handler, a gap-handler or a hook of an observer.',
    'call',
  ),
  handlerStuck: gauge(
    'handler_stuck',
    '1 while a call of the handler has run for longer than its stuckAfterMs.',
    ['handler'],
  ),
  waiting: gauge('waiting_events', 'Events that are pending for a handler.', ['handler']),
  running: gauge('running_calls', 'Calls of handlers that are running.', []),
  subscriptions: gauge('subscriptions', 'Subscriptions that the bus requires, by kind and state.', [
    'kind',
    'state',
  ]),
  ready: gauge(
    'ready',
    '1 while Redis has confirmed every subscription on a live link, otherwise 0.',
    [],
    'min',
  ),
  linkUp: gauge('link_up', '1 while commands can be sent on the link.', ['link', 'node'], 'min'),
  linkRoundTrip: gauge(
    'link_round_trip_seconds',
    'How long the answer to the last heartbeat of the link took.',
    ['link', 'node'],
    'max',
  ),
} satisfies Record<string, MetricDefinition>;
