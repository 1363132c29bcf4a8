/** Set for each project in jest.config.mjs. */
declare const NEST_MAJOR: 11 | 12;

export const isNest11 = NEST_MAJOR === 11;

/** A test of what Nest 11 does not have: there it is skipped, and its title says why. */
export const itOnNest12 =
  (reason: string) =>
  (title: string, body: () => Promise<void>): void =>
    NEST_MAJOR >= 12 ? it(title, body) : it.skip(`${title} (not on Nest 11: ${reason})`, body);
