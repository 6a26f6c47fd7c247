/** What every StreamTransport keeps: at least once, in no certain order. */
import { expect } from 'vitest';
import type { OutgoingRecord, SendOutcome, StreamTransport } from '../../lib/ports/stream-transport.ts';
import { bytesOfCallers } from './caller-bytes.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';

/** A transport with what its receivers see; ports have no read side. */
export interface ReadableTransport {
  readonly transport: StreamTransport;
  /**
   * Every record that has reached `target` so far, also ones received before. May wait for them, as long as
   * `atLeast` records have not arrived.
   */
  received(target: string, atLeast: number): Promise<readonly OutgoingRecord[]>;
}

function record(target: string, bytes: Uint8Array): OutgoingRecord {
  return { run: 'run-1', target, bytes };
}

/** Sends until everything is sent, as callers do. */
async function sendAll(
  transport: StreamTransport,
  records: readonly OutgoingRecord[],
): Promise<SendOutcome[]> {
  const outcomes: SendOutcome[] = [];
  let unsent = records;
  for (let attempt = 0; unsent.length > 0 && attempt < 20; attempt++) {
    const answers = await transport.send(unsent);
    expect(answers).toHaveLength(unsent.length);
    outcomes.push(...answers.filter(({ kind }) => kind === 'sent'));
    unsent = unsent.filter((_, index) => answers[index]?.kind !== 'sent');
  }
  expect(unsent).toEqual([]);
  return outcomes;
}

/** Bytes of the records as text, in order, without what came twice. */
function distinct(records: readonly OutgoingRecord[]): readonly string[] {
  return [...new Set(records.map(({ bytes }) => Buffer.from(bytes).toString('base64')))].sort();
}

const cases: readonly ContractCase<ReadableTransport>[] = [
  {
    id: 'STR-01',
    says: 'each record reaches its target, and the answer names it',
    run: async ({ transport, received }) => {
      const targets = ['a/0', 'a/1', 'b/0', 'a/0'];
      const records = targets.map((target, index) => record(target, Uint8Array.of(index)));
      const outcomes = await sendAll(transport, records);
      expect(outcomes.map((outcome) => outcome.kind === 'sent' && outcome.deliveredTo).sort()).toEqual(
        targets.toSorted(),
      );
      for (const target of ['a/0', 'a/1', 'b/0']) {
        const expected = records.filter((each) => each.target === target);
        const arrived = await received(target, expected.length);
        expect(distinct(arrived)).toEqual(distinct(expected));
        expect(arrived.every((each) => each.run === 'run-1' && each.target === target)).toBe(true);
      }
    },
  },
  {
    id: 'STR-02',
    says: 'bytes are kept exactly: one, every value, part of a larger buffer, nearly 1 MB',
    run: async ({ transport, received }) => {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      const large = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 31) % 251);
      const records = [Uint8Array.of(0), all, all.subarray(10, 20), large].map((bytes) =>
        record('a/0', bytes),
      );
      await sendAll(transport, records);
      expect(distinct(await received('a/0', records.length))).toEqual(distinct(records));
    },
  },
  {
    id: 'STR-03',
    says: 'buffers are not shared with senders or receivers',
    run: async ({ transport, received }) => {
      for (const [i, bytes] of bytesOfCallers().entries()) {
        await sendAll(transport, [record(`a/${i}`, bytes)]);
        bytes.fill(9);
        const [first] = await received(`a/${i}`, 1);
        first?.bytes.fill(9);
        const [again] = await received(`a/${i}`, 1);
        expect([...(again?.bytes ?? [])]).toEqual([1, 2, 3]);
      }
    },
  },
  {
    id: 'STR-04',
    says: 'a record that is sent again arrives again or is the same one: never another',
    run: async ({ transport, received }) => {
      const one = record('a/0', Uint8Array.of(7));
      await sendAll(transport, [one]);
      await sendAll(transport, [one]);
      const arrived = await received('a/0', 1);
      expect(distinct(arrived)).toEqual(distinct([one]));
    },
  },
  {
    id: 'STR-05',
    says: 'sequence numbers of a target differ',
    run: async ({ transport }) => {
      const records = [1, 2, 3].map((byte) => record('a/0', Uint8Array.of(byte)));
      const outcomes = [...(await sendAll(transport, records)), ...(await sendAll(transport, records))];
      const numbers = outcomes.map((outcome) => outcome.kind === 'sent' && outcome.sequenceNumber);
      expect(new Set(numbers).size).toBe(6);
    },
  },
  {
    id: 'STR-06',
    says: 'sending nothing is answered with nothing',
    run: async ({ transport, received }) => {
      expect(await transport.send([])).toEqual([]);
      expect(await received('a/0', 0)).toEqual([]);
    },
  },
];

/** The contract of StreamTransport. */
export function describeStreamTransport(
  name: string,
  open: Open<ReadableTransport>,
  options: ContractOptions = {},
): void {
  describeContract(`${name}: StreamTransport`, cases, { ...options, open });
}
