/** What the services talk about, whatever happens. */
export const OPEN_CHANNELS = ['soak:a', 'soak:b', 'soak:c'] as const;

/** Which Redis denies from time to time. No glob matches it, or its events would come all the same. */
export const GUARDED_CHANNEL = 'guarded';

export const CHANNELS: readonly string[] = [...OPEN_CHANNELS, GUARDED_CHANNEL];
