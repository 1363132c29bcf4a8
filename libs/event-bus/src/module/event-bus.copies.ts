import type { ModulesContainer } from '@nestjs/core';
import {
  COPY_VERSION,
  ON_EVENT_KEY,
  ON_GAP_KEY,
  SETTINGS_KEY,
  TRANSPORT_OVERRIDE_KEY,
} from './event-bus.constants.js';

/** The token names of version 0.1, whose symbols are not registered. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  [SETTINGS_KEY]: 'EVENT_BUS_SETTINGS',
  [TRANSPORT_OVERRIDE_KEY]: 'EVENT_BUS_TRANSPORT_OVERRIDE',
};
/** Copies of 0.1 have no number. */
const UNNUMBERED = '0';

const CURE =
  'Install one version of nestjs-redis-event-bus (npm ls nestjs-redis-event-bus shows who brings which).';

/** Detects copies of this package that are not compatible with this one. */
export class EventBusCopies {
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Mistakes that would otherwise be silent, each with what to do: a bus and a testing module of incompatible copies, so that
   * the test would connect to the real Redis.
   */
  problems(): string[] {
    const buses = this.versionsOf(SETTINGS_KEY);
    const overrides = this.versionsOf(TRANSPORT_OVERRIDE_KEY);
    const meets = [...overrides].every((version) => buses.size === 0 || buses.has(version));
    const covers = overrides.size === 0 || [...buses].every((version) => overrides.has(version));
    if (meets && covers) return [];
    return [
      `EventBusTestingModule and EventBusModule come from incompatible copies of nestjs-redis-event-bus, so the bus would use its real transport. ${CURE}`,
    ];
  }

  /** Why no bus calls a method that copies of these versions decorated, if one of them has no bus. */
  problemOf(versions: readonly string[]): string | undefined {
    if (versions.length === 0) return undefined;
    const served = this.versionsOf(SETTINGS_KEY);
    return versions.some((version) => !served.has(version))
      ? `it is decorated by a copy of nestjs-redis-event-bus that is incompatible with that of EventBusModule, so it would never be called. ${CURE}`
      : undefined;
  }

  /** The versions of all providers in the application with this name. */
  private versionsOf(name: string): ReadonlySet<string> {
    const versions = new Set<string>();
    for (const { providers } of this.modules.values()) {
      for (const token of providers.keys()) {
        const version = versionOf(token, name);
        if (version !== undefined) versions.add(version);
      }
    }
    return versions;
  }
}

/** The versions of incompatible copies that decorated a method with metadata under these keys. */
export function strangeVersionsAmong(keys: readonly unknown[]): readonly string[] {
  let versions = NONE;
  for (const key of keys) {
    const version = versionOf(key, ON_EVENT_KEY) ?? versionOf(key, ON_GAP_KEY);
    if (version !== undefined && version !== COPY_VERSION) versions = [...versions, version];
  }
  return versions;
}

/** Of nearly every method. */
const NONE: readonly string[] = [];

function versionOf(key: unknown, name: string): string | undefined {
  const text = typeof key === 'symbol' ? key.description : undefined;
  if (text === undefined) return undefined;
  if (text === name || text === OLD_NAMES[name]) return UNNUMBERED;
  return text.startsWith(`${name}:`) ? text.slice(name.length + 1) : undefined;
}
