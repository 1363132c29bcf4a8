/** Ids of one object of the document: as readable as a name, of characters that references and component keys allow. */
export class UniqueIds {
  private readonly taken = new Set<string>();

  /** `orders.orderId.created` for `orders:<orderId>:created`. A second one gets a number. */
  take(name: string): string {
    const base = idOf(name);
    let id = base;
    for (let number = 2; this.taken.has(id); number += 1) id = `${base}-${number}`;
    this.taken.add(id);
    return id;
  }
}

function idOf(name: string): string {
  const text = name
    .replaceAll(/\.{3}>/g, '>')
    .replaceAll(/[<>]/g, '')
    .replaceAll('*', 'any')
    .replaceAll(/[^\w-]+/g, '.')
    .replaceAll(/^\.+|\.+$/g, '');
  // To assign this member of an object would change its prototype.
  return text === '' || text === '__proto__' ? 'channel' : text;
}
