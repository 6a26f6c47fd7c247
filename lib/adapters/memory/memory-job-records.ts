import type { JobRecord, JobRecords } from '../../ports/job-records.ts';
import { compareNames } from './name-order.ts';

interface KeptRecord {
  readonly revision: number;
  /** JSON, so that nobody shares objects with the store. */
  readonly json: string;
}

/** Records in memory: they live as long as this object. */
export class MemoryJobRecords implements JobRecords {
  readonly #records = new Map<string, KeptRecord>();

  async get(key: string): Promise<JobRecord | undefined> {
    const kept = this.#records.get(key);
    return kept && { key, revision: kept.revision, value: JSON.parse(kept.json) };
  }

  async create(key: string, value: unknown): Promise<boolean> {
    if (this.#records.has(key)) return false;
    this.#records.set(key, { revision: 1, json: JSON.stringify(value) });
    return true;
  }

  async update(key: string, revision: number, value: unknown): Promise<boolean> {
    if (this.#records.get(key)?.revision !== revision) return false;
    this.#records.set(key, { revision: revision + 1, json: JSON.stringify(value) });
    return true;
  }

  async list(prefix: string): Promise<readonly JobRecord[]> {
    return [...this.#records]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([left], [right]) => compareNames(left, right))
      .map(([key, { revision, json }]) => ({ key, revision, value: JSON.parse(json) }));
  }
}
