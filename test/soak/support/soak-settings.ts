import { randomInt } from 'node:crypto';

export interface SoakSettings {
  /** @default 1 */
  readonly minutes: number;
  /** @default a random one */
  readonly seed: number;
}

/** Of `npm run soak`, which checks them, or for everybody who runs all tests. */
export function soakSettings(env: NodeJS.ProcessEnv = process.env): SoakSettings {
  const { SOAK_MINUTES: minutes = '1', SOAK_SEED: seed = String(randomInt(2 ** 32)) } = env;
  return { minutes: Number(minutes), seed: Number(seed) };
}
