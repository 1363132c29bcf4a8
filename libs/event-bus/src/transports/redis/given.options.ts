type Given<Options> = { [Name in keyof Options]?: NonNullable<Options[Name]> };

/** Removes options without a value, because the driver treats `undefined` as one. */
export function given<Options extends object>(options: Options): Given<Options> {
  const entries = Object.entries(options as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    entries.filter(([, value]) => value !== undefined && value !== null),
  ) as Given<Options>;
}
