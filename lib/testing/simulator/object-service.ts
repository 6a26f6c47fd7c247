import type { StoredObject } from '../../ports/object-store.ts';

interface KeptObject {
  readonly bytes: Uint8Array;
  readonly storedAt: number;
}

export interface ObjectServiceOptions {
  readonly now: () => number;
  /** A name may be written again, as in a store without conditions; for mutants. */
  readonly overwrites: boolean;
  /** Is told of a name that is put again with other bytes; throws if it must not be. */
  readonly rewritten: (name: string) => void;
  /** Is told of names that were deleted; throws if they must not be. */
  readonly deleted: (names: readonly string[]) => void;
}

/** Immutable objects by name, as the service keeps them; every call atomic. */
export class ObjectService {
  readonly #objects = new Map<string, KeptObject>();
  readonly #now: () => number;
  readonly #overwrites: boolean;
  readonly #rewritten: (name: string) => void;
  readonly #deleted: (names: readonly string[]) => void;

  constructor(options: ObjectServiceOptions) {
    this.#now = options.now;
    this.#overwrites = options.overwrites;
    this.#rewritten = options.rewritten;
    this.#deleted = options.deleted;
  }

  put(name: string, bytes: Uint8Array): boolean {
    const kept = this.#objects.get(name);
    if (kept !== undefined && !this.#overwrites) {
      if (Buffer.compare(kept.bytes, bytes) !== 0) this.#rewritten(name);
      return false;
    }
    this.#objects.set(name, { bytes, storedAt: this.#now() });
    return true;
  }

  get(name: string): Uint8Array | undefined {
    return this.#objects.get(name)?.bytes;
  }

  list(prefix: string): readonly StoredObject[] {
    return [...this.#objects]
      .filter(([name]) => name.startsWith(prefix))
      .sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
      .map(([name, { bytes, storedAt }]) => ({ name, bytes: bytes.length, storedAt }));
  }

  delete(names: readonly string[]): void {
    for (const name of names) this.#objects.delete(name);
    this.#deleted(names);
  }
}
