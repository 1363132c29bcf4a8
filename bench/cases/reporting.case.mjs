/** What reports cost the service: publish and handle in one process, with previews of payloads, which are the dearest. */
export const reporting = [
  {
    id: 'reporting',
    title: 'publish and handle in one process, 200 in flight, reported',
    kind: 'local',
    settings: { inFlight: 200 },
    entries: [
      ['unreported', 'nothing'],
      ['unreported again', 'nothing'],
      ['unwatched', 'reports'],
      ['watched', 'watchedReports'],
    ].map(([name, observer]) => ({
      name,
      contender: 'observed-event-bus',
      rivals: { raw: 'unreported' },
      settings: { observer, style: 'sync' },
    })),
  },
];
