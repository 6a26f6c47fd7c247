import type { Clock } from '../../ports/clock.ts';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import { compareNames } from './name-order.ts';

interface KeptObject {
  readonly bytes: Uint8Array;
  readonly storedAt: number;
}

/** Objects in memory: they live as long as this object. Bytes are copied on their way in and out. */
export class MemoryObjectStore implements ObjectStore {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #objects = new Map<string, KeptObject>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  async put(name: string, bytes: Uint8Array): Promise<boolean> {
    if (this.#objects.has(name)) return false;
    this.#objects.set(name, { bytes: new Uint8Array(bytes), storedAt: this.#clock.now() });
    return true;
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const object = this.#objects.get(name);
    return object && new Uint8Array(object.bytes);
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const names = [...this.#objects.keys()].filter((name) => name.startsWith(prefix)).sort(compareNames);
    for (const name of names) {
      const object = this.#objects.get(name);
      if (object !== undefined) yield { name, bytes: object.bytes.length, storedAt: object.storedAt };
    }
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) this.#objects.delete(name);
  }
}
