/** A Map, a Set or an array, and where it stands. */
export interface FoundCollection {
  readonly path: string;
  readonly size: number;
}

/**
 * Every collection that an object holds, however deep, each once. Looks into everything but functions, buffers and
 * `#private` fields.
 */
export function collectionsOf(root: object): FoundCollection[] {
  const found: FoundCollection[] = [];
  const seen = new Set<unknown>();
  const open: { readonly path: string; readonly value: unknown }[] = [{ path: 'root', value: root }];
  const look = (path: string, value: unknown) => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
    seen.add(value);
    open.push({ path, value });
  };
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, value } = next;
    if (value instanceof Map || value instanceof Set) {
      found.push({ path, size: value.size });
      for (const [key, item] of value.entries()) {
        look(`${path}{key}`, key);
        look(`${path}{}`, item);
      }
    } else if (Array.isArray(value)) {
      found.push({ path, size: value.length });
      for (const item of value) look(`${path}[]`, item);
    } else {
      for (const [name, item] of Object.entries(value as object)) look(`${path}.${name}`, item);
    }
  }
  return found;
}
