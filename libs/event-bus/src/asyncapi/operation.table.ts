import type { AsyncApiOperation } from './asyncapi.document.js';
import { UniqueIds } from './unique.ids.js';

/** The operations of a document. */
export class OperationTable {
  readonly operations: Record<string, AsyncApiOperation> = {};
  private readonly ids = new UniqueIds();
  private readonly known = new Set<string>();

  /**
   * Adds an operation, unless an equal one is there: two instances of one class have equal ones.
   * @param name what its id is made of
   */
  add(name: string, operation: AsyncApiOperation): void {
    const key = JSON.stringify(operation);
    if (this.known.has(key)) return;
    this.known.add(key);
    this.operations[this.ids.take(name)] = operation;
  }
}
