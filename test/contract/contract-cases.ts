/** What every contract suite shares: cases with stable ids, which an adapter may leave out with a reason. */
import { describe, expect, it } from 'vitest';

export interface ContractOptions {
  /** Cases that this adapter cannot keep, and why. */
  readonly skip?: readonly { readonly id: string; readonly reason: string }[];
}

/** A fresh, empty thing under test; every case opens its own. */
export type Open<T> = () => Promise<{ readonly subject: T; close(): Promise<void> }>;

export interface ContractCase<T> {
  /** Stable: adapters and reports refer to it. */
  readonly id: string;
  /** A sentence. */
  readonly says: string;
  readonly run: (subject: T) => Promise<void>;
}

/** Runs `cases` against what `open` gives. */
export function describeContract<T>(
  name: string,
  cases: readonly ContractCase<T>[],
  { open, skip = [] }: ContractOptions & { readonly open: Open<T> },
): void {
  describe(name, () => {
    it('skips only cases that exist', () => {
      const ids = new Set(cases.map(({ id }) => id));
      expect(ids.size).toBe(cases.length);
      expect(skip.filter(({ id }) => !ids.has(id))).toEqual([]);
    });

    for (const { id, says, run } of cases) {
      const reason = skip.find((skipped) => skipped.id === id)?.reason;
      const title = reason === undefined ? `${id}: ${says}` : `${id}: ${says} (not here: ${reason})`;
      it.skipIf(reason !== undefined)(title, async () => {
        const { subject, close } = await open();
        try {
          await run(subject);
        } finally {
          await close();
        }
      });
    }
  });
}
