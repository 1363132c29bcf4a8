const END_WITHIN_MS = 10_000;

/** Runs after the last test: a process that then does not end by itself is a failure, and says what keeps it. */
export default function failUnlessItEnds({ watch, watchAll }) {
  if (watch || watchAll) return;
  const timer = setTimeout(() => {
    const kinds = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`\nThe tests are over, and their process does not end: ${kinds} keep it alive.\n`);
    process.exit(1);
  }, END_WITHIN_MS);
  // By itself it keeps nothing alive.
  timer.unref();
}
