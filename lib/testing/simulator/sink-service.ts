import type { CommittableId } from '../../core/connector.ts';

/** What was written under one id. */
export interface SinkPart {
  readonly id: CommittableId;
  readonly values: readonly unknown[];
}

/** Whether a row may replace the one that is there. */
export type UpsertGuard = (id: CommittableId, kept: CommittableId) => boolean;

/** As a target does it that keeps the three numbers beside each row. */
export const isNewer: UpsertGuard = (id, kept) =>
  id.lineage - kept.lineage > 0 ||
  (id.lineage === kept.lineage &&
    (id.version > kept.version || (id.version === kept.version && id.index > kept.index)));

/** What the sinks of the simulated world hold; every call atomic. */
export class SinkService {
  readonly #guard: UpsertGuard;
  readonly #parts = new Map<string, SinkPart>();
  readonly #rows = new Map<string, { readonly id: CommittableId; readonly row: unknown }>();

  constructor(guard: UpsertGuard) {
    this.#guard = guard;
  }

  /** Keeps the first of what comes under one id, and of the rows with one first word the newest. */
  store(id: CommittableId, values: readonly unknown[]): void {
    if (!this.#parts.has(id.text)) this.#parts.set(id.text, { id, values });
    for (const row of values) {
      const key = String(row).split(' ')[0] ?? '';
      const kept = this.#rows.get(key);
      // Rows of one part come in order.
      if (kept !== undefined && kept.id.text !== id.text && !this.#guard(id, kept.id)) continue;
      this.#rows.set(key, { id, row });
    }
  }

  parts(): readonly SinkPart[] {
    return [...this.#parts.values()];
  }

  /** Rows by their first words. */
  latest(): ReadonlyMap<string, unknown> {
    return new Map([...this.#rows].map(([key, { row }]) => [key, row]));
  }
}
