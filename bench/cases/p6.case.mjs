import { QUICK, SMOKE, entriesOf } from './contender.entries.mjs';

const trialAt = (perSecond) => ({
  id: `P6 ${perSecond.toLocaleString('en-US')}/s`,
  title: `latency from publish to handler at ${perSecond.toLocaleString('en-US')} events per second`,
  kind: 'latency',
  quick: QUICK,
  smoke: SMOKE,
  maxRounds: 8,
  // At a steady rate, so many events have a p99.
  minTurnMs: 1_000,
  settings: { perSecond },
  entries: entriesOf('node-redis', 'nest', 'graphql', 'event-bus'),
});

/** Latency at a steady rate. */
export const p6 = [trialAt(1_000), trialAt(10_000)];
