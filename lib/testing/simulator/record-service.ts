import type { JobRecord } from '../../ports/job-records.ts';

/** Is told of every change of a record; throws if it must not be. */
export type RecordObserver = (key: string, before: unknown, after: unknown) => void;

/** Records with revisions, as the service keeps them; every call atomic. */
export class RecordService {
  readonly #records = new Map<string, { readonly revision: number; readonly json: string }>();
  readonly #observer: RecordObserver;

  constructor(observer: RecordObserver) {
    this.#observer = observer;
  }

  get(key: string): JobRecord | undefined {
    const kept = this.#records.get(key);
    return kept && { key, revision: kept.revision, value: JSON.parse(kept.json) };
  }

  create(key: string, json: string): boolean {
    if (this.#records.has(key)) return false;
    this.#records.set(key, { revision: 1, json });
    this.#observer(key, undefined, JSON.parse(json));
    return true;
  }

  update(key: string, revision: number, json: string): boolean {
    const kept = this.#records.get(key);
    if (kept?.revision !== revision) return false;
    this.#records.set(key, { revision: revision + 1, json });
    this.#observer(key, JSON.parse(kept.json), JSON.parse(json));
    return true;
  }

  list(prefix: string): readonly JobRecord[] {
    const keys = [...this.#records.keys()].filter((key) => key.startsWith(prefix)).sort();
    return keys.flatMap((key) => this.get(key) ?? []);
  }
}
