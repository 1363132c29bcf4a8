it('leaves a timer behind', () => {
  setInterval(() => undefined, 60_000);
});
