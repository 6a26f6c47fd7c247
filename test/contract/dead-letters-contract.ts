/** What every DeadLetterStore keeps: each committed letter, once, whatever is repeated. */
import { expect } from 'vitest';
import type { CommittedLetter, DeadLetterStore } from '../../lib/ports/dead-letters.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';

/** A store with what people see of it; the port has no read side. */
export interface ReadableLetters {
  readonly store: DeadLetterStore;
  /** What was refused, as text. */
  raw(): Promise<readonly string[]>;
}

function letter(index: number, raw = `record ${index}`): CommittedLetter {
  return {
    id: `1/run-1/parse/0/${index}/0`,
    letter: {
      operator: 'parse',
      code: 'RECORD_UNPARSABLE',
      reason: 'It is no JSON.',
      position: `shardId-000000000000 ${index}`,
      raw,
    },
  };
}

const cases: readonly ContractCase<ReadableLetters>[] = [
  {
    id: 'LET-01',
    says: 'every letter is kept, of one call and of several',
    run: async ({ store, raw }) => {
      await store.keep([letter(1), letter(2)]);
      await store.keep([letter(3)]);
      expect([...(await raw())].toSorted()).toEqual(['record 1', 'record 2', 'record 3']);
    },
  },
  {
    id: 'LET-02',
    says: 'a letter that is kept again is one letter',
    run: async ({ store, raw }) => {
      await store.keep([letter(1)]);
      await store.keep([letter(1), letter(2)]);
      expect([...(await raw())].toSorted()).toEqual(['record 1', 'record 2']);
    },
  },
  {
    id: 'LET-03',
    says: 'text is kept exactly: quotes, newlines, other scripts, nothing at all',
    run: async ({ store, raw }) => {
      const texts = ['"', 'a\nb\u0000', 'Zürich 東京 🚆', ''];
      await store.keep(texts.map((text, index) => letter(index, text)));
      expect([...(await raw())].toSorted()).toEqual(texts.toSorted());
    },
  },
  {
    id: 'LET-04',
    says: 'keeping nothing does nothing',
    run: async ({ store, raw }) => {
      await store.keep([]);
      expect(await raw()).toEqual([]);
    },
  },
];

/** The contract of DeadLetterStore. */
export function describeDeadLetters(
  name: string,
  open: Open<ReadableLetters>,
  options: ContractOptions = {},
): void {
  describeContract(`${name}: DeadLetterStore`, cases, { ...options, open });
}
