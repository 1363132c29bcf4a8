/** What the process of a console takes, with one page open, next to a service whose events it shows. */
export const consoleCase = [
  {
    id: 'console',
    title: 'handle 5,000 events per second, reported, while a page of the console is open',
    kind: 'console',
    maxRounds: 6,
    // A frame a second: so many seconds have about as many frames.
    minTurnMs: 4_000,
    settings: { perSecond: 5_000 },
    entries: ['service', 'console'].map((name) => ({
      name,
      contender: 'reported-event-bus',
      rivals: { raw: 'service' },
    })),
  },
];
