/** What it costs to look at the bus: publish and handle in one process, so that both sides are in one figure. */
export const observed = ['sync', 'async'].map((style) => ({
  id: `observed ${style}`,
  title: `publish and handle in one process, 200 in flight, observed, ${style} handler`,
  kind: 'local',
  settings: { inFlight: 200 },
  entries: [
    ...[
      ['unobserved', 'nothing'],
      ['unobserved again', 'nothing'],
      ['metrics', 'metrics'],
      ['traces without an SDK', 'tracesWithoutSdk'],
      ['traces', 'traces'],
    ].map(([name, observer]) => entryOf(name, 'observed-event-bus', { observer, style })),
    // What the SDK costs, whoever calls it.
    entryOf('by hand', 'traced-by-hand', { isTraced: false, style }),
    entryOf('by hand, two spans', 'traced-by-hand', { isTraced: true, style }),
  ],
}));

function entryOf(name, contender, settings) {
  return { name, contender, rivals: { raw: 'unobserved' }, settings };
}
