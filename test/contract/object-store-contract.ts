/** What every ObjectStore keeps. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { ObjectStore, StoredObject } from '../../lib/ports/object-store.ts';
import { bytesOfCallers } from './caller-bytes.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';

/** More objects than any store lists in one page. */
const MANY_OBJECTS = 2100;

async function listed(store: ObjectStore, prefix: string): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of store.list(prefix)) objects.push(object);
  return objects;
}

async function names(store: ObjectStore, prefix: string): Promise<readonly string[]> {
  return (await listed(store, prefix)).map(({ name }) => name);
}

const byteCases: readonly ContractCase<ObjectStore>[] = [
  {
    id: 'OBJ-01',
    says: 'bytes are kept exactly: none, every value, part of a larger buffer, 1 MB',
    run: async (store) => {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      const large = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 31) % 251);
      const samples = [new Uint8Array(0), all, all.subarray(100, 140), large];
      for (const [index, bytes] of samples.entries()) expect(await store.put(`o/${index}`, bytes)).toBe(true);
      for (const [index, bytes] of samples.entries()) {
        const kept = await store.get(`o/${index}`);
        expect(kept?.length).toBe(bytes.length);
        expect(Buffer.compare(kept ?? new Uint8Array(0), bytes)).toBe(0);
      }
    },
  },
  {
    id: 'OBJ-02',
    says: 'buffers are not shared with writers or readers',
    run: async (store) => {
      for (const [i, bytes] of bytesOfCallers().entries()) {
        await store.put(`a${i}`, bytes);
        bytes.fill(9);
        (await store.get(`a${i}`))?.fill(9);
        expect([...((await store.get(`a${i}`)) ?? [])]).toEqual([1, 2, 3]);
      }
    },
  },
  {
    id: 'OBJ-03',
    says: 'a name is written once: a second put is refused and changes nothing',
    run: async (store) => {
      expect(await store.put('a', Uint8Array.of(1))).toBe(true);
      expect(await store.put('a', Uint8Array.of(2))).toBe(false);
      expect(await store.get('a')).toEqual(Uint8Array.of(1));
    },
  },
  {
    id: 'OBJ-04',
    says: 'of puts of one name at the same time one wins',
    run: async (store) => {
      const outcomes = await Promise.all([1, 2, 3, 4].map((byte) => store.put('a', Uint8Array.of(byte))));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(await store.get('a')).toEqual(Uint8Array.of(outcomes.indexOf(true) + 1));
    },
  },
  {
    id: 'OBJ-05',
    says: 'what is not there is undefined, and removing it does no harm',
    run: async (store) => {
      expect(await store.get('a')).toBeUndefined();
      await store.delete(['a', 'b']);
      await store.delete([]);
      await store.put('a', Uint8Array.of(1));
      await store.put('ab', Uint8Array.of(2));
      await store.delete(['a', 'not there']);
      expect(await store.get('a')).toBeUndefined();
      expect(await store.get('ab')).toEqual(Uint8Array.of(2));
    },
  },
];

const listCases: readonly ContractCase<ObjectStore>[] = [
  {
    id: 'OBJ-10',
    says: 'a prefix lists the objects below it in order of their names, with size and time',
    run: async (store) => {
      const before = Date.now();
      for (const name of ['b/10', 'b/1', 'b/2', 'a', 'b', 'b/', 'B/1', 'b0', 'b/é', 'b/_%', 'c']) {
        await store.put(name, new Uint8Array(name.length));
      }
      expect(await names(store, 'b/')).toEqual(['b/', 'b/1', 'b/10', 'b/2', 'b/_%', 'b/é']);
      expect(await names(store, 'b/1')).toEqual(['b/1', 'b/10']);
      expect(await names(store, 'nothing')).toEqual([]);
      expect((await names(store, '')).length).toBe(11);
      const [first] = await listed(store, 'b/10');
      expect(first?.bytes).toBe(4);
      // A store may round to seconds, and its clock is not that of this machine.
      expect(Math.abs((first?.storedAt ?? 0) - before)).toBeLessThan(60_000);
    },
  },
  {
    id: 'OBJ-11',
    says: 'more objects than a page holds are listed completely and once',
    run: async (store) => {
      const expected = Array.from(
        { length: MANY_OBJECTS },
        (_, index) => `p/${String(index).padStart(5, '0')}`,
      );
      await Promise.all(expected.map((name) => store.put(name, Uint8Array.of(1))));
      expect(await names(store, 'p/')).toEqual(expected);
      await store.delete(expected);
      expect(await names(store, 'p/')).toEqual([]);
    },
  },
  {
    id: 'OBJ-12',
    says: 'a listing may be left early, and objects may be removed while it runs',
    run: async (store) => {
      for (const name of ['a', 'b', 'c']) await store.put(name, Uint8Array.of(1));
      for await (const { name } of store.list('')) {
        expect(name).toBe('a');
        break;
      }
      const seen: string[] = [];
      for await (const { name } of store.list('')) {
        seen.push(name);
        await store.delete([name]);
      }
      expect(seen).toEqual(['a', 'b', 'c']);
      expect(await names(store, '')).toEqual([]);
    },
  },
  {
    id: 'OBJ-13',
    says: 'any names, puts and removals answer as a map does',
    run: async (store) => {
      let runs = 0;
      const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', 'é', '日'), maxLength: 4 });
      const step = fc.record({ name, isPut: fc.boolean(), byte: fc.nat(255) });
      const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), name, async (history, prefix) => {
        runs += 1;
        const model = new Map<string, number>();
        for (const { name: suffix, isPut, byte } of history) {
          const full = `run${runs}/${suffix}`;
          if (!isPut) await store.delete([full]);
          else expect(await store.put(full, Uint8Array.of(byte))).toBe(!model.has(full));
          if (!isPut) model.delete(full);
          else if (!model.has(full)) model.set(full, byte);
        }
        for (const [full, byte] of model) expect(await store.get(full)).toEqual(Uint8Array.of(byte));
        const expected = [...model.keys()].filter((full) => full.startsWith(`run${runs}/${prefix}`)).sort();
        expect(await names(store, `run${runs}/${prefix}`)).toEqual(expected);
      });
      await fc.assert(property, { numRuns: 30 });
    },
  },
];

/** The contract of ObjectStore. */
export function describeObjectStore(
  name: string,
  open: Open<ObjectStore>,
  options: ContractOptions = {},
): void {
  describeContract(`${name}: ObjectStore`, [...byteCases, ...listCases], { ...options, open });
}
