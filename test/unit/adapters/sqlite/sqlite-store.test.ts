import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SqliteStore, StoreCommit } from '../../../../lib/adapters/sqlite/sqlite-store.ts';
import { InvariantError } from '../../../../lib/core/errors.ts';
import { headOf, item, openStore, SUBTASK, scratchFolder, thrownBy } from './store-samples.ts';

const other = { ...SUBTASK, subtask: 1 };

async function namesIn(store: SqliteStore): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of store.objects.list('')) names.push(name);
  return names;
}

/** A commit that touches everything, as version `version` of the job. */
function wholeCommit(version: number): StoreCommit {
  return {
    items: [SUBTASK, other].map((subtask) => ({ subtask, item: item(version) })),
    deletedObjects: [`base/${version - 1}`],
    objects: [{ name: `base/${version}`, bytes: Uint8Array.of(version) }],
    bases: [{ subtask: SUBTASK, base: { version, manifest: `base/${version}`, archivedThrough: 0 } }],
    records: [{ key: 'run', revision: version === 1 ? undefined : version - 1, value: { version } }],
  };
}

async function expectVersion(store: SqliteStore, version: number): Promise<void> {
  expect(await headOf(store)).toBe(version);
  expect((await store.log.readFrom(other, 1, 100)).items).toHaveLength(version);
  expect(await namesIn(store)).toEqual([`base/${version}`]);
  expect((await store.log.readBase(SUBTASK))?.version).toBe(version);
  expect(await store.records.get('run')).toEqual({ key: 'run', revision: version, value: { version } });
}

describe('a commit', () => {
  it('changes items, bases, objects and records together, and is there after reopening', async () => {
    const folder = scratchFolder();
    const store = openStore(folder);
    expect(store.commit(wholeCommit(1))).toEqual({ kind: 'accepted' });
    expect(store.commit(wholeCommit(2))).toEqual({ kind: 'accepted' });
    await expectVersion(store, 2);
    store.close();
    await expectVersion(openStore(folder), 2);
  });

  it('changes nothing when an item is refused (I1)', async () => {
    const store = openStore(scratchFolder());
    store.commit(wholeCommit(1));
    const items = [
      { subtask: SUBTASK, item: item(2) },
      { subtask: other, item: { ...item(1), writer: 'rival' } },
    ];
    expect(store.commit({ ...wholeCommit(2), items })).toEqual({ kind: 'refused', found: item(1) });
    await expectVersion(store, 1);
  });

  it('changes nothing when a record is not at its revision', async () => {
    const store = openStore(scratchFolder());
    store.commit(wholeCommit(1));
    for (const revision of [undefined, 7]) {
      const records = [{ key: 'run', revision, value: 'x' }];
      expect(store.commit({ ...wholeCommit(2), records })).toEqual({ kind: 'record-changed', key: 'run' });
    }
    await expectVersion(store, 1);
  });

  it('changes nothing when a base does not move forward or a name is written twice', async () => {
    const store = openStore(scratchFolder());
    store.commit(wholeCommit(1));
    const base = { version: 1, manifest: 'base/1', archivedThrough: 0 };
    const backward = { ...wholeCommit(2), bases: [{ subtask: SUBTASK, base }] };
    expect(thrownBy(() => store.commit(backward))).toBeInstanceOf(InvariantError);
    const twice = { ...wholeCommit(2), deletedObjects: [] };
    const again = { ...twice, objects: [{ name: 'base/1', bytes: Uint8Array.of(9) }] };
    expect(thrownBy(() => store.commit(again))).toBeInstanceOf(InvariantError);
    await expectVersion(store, 1);
    expect(store.commit(wholeCommit(2))).toEqual({ kind: 'accepted' });
  });

  it('of nothing is accepted', () => {
    expect(openStore(scratchFolder()).commit({})).toEqual({ kind: 'accepted' });
  });
});

describe('a base moved forward', () => {
  it('gives back the payloads that it has archived, and readers are overrun (I2: nonces stay)', async () => {
    const store = openStore(scratchFolder(), { ringSize: 8 });
    for (const version of [1, 2, 3, 4]) store.commit({ items: [{ subtask: SUBTASK, item: item(version) }] });
    const base = { version: 3, manifest: 'base/3', archivedThrough: 2 };
    store.commit({ bases: [{ subtask: SUBTASK, base }] });
    expect(await store.log.readFrom(SUBTASK, 1, 10)).toEqual({ items: [], stop: 'overrun' });
    expect(await store.log.readFrom(SUBTASK, 3, 10)).toEqual({ items: [item(3), item(4)], stop: 'head' });
    expect(await store.log.readSlot(SUBTASK, 2)).toEqual(item(2, new Uint8Array(0)));
    expect(await store.log.append(SUBTASK, item(1))).toMatchObject({ kind: 'refused' });
  });

  it('keeps the directory within three times the size of the state, compaction after compaction', () => {
    const folder = scratchFolder();
    const store = openStore(folder);
    const chunkBytes = 1 << 20;
    let version = 0;
    let old: readonly string[] = [];
    const compact = (compaction: number, chunks: number): void => {
      for (let commit = 0; commit < 8; commit++) {
        version += 1;
        store.commit({ items: [{ subtask: SUBTASK, item: item(version, randomBytes(chunkBytes / 2)) }] });
      }
      const objects = Array.from({ length: chunks }, (_, index) => ({
        name: `base/${compaction}/${index}`,
        bytes: randomBytes(chunkBytes),
      }));
      const base = { version, manifest: `base/${compaction}`, archivedThrough: version };
      store.commit({ objects, deletedObjects: old, bases: [{ subtask: SUBTASK, base }] });
      old = objects.map(({ name }) => name);
      expect(bytesIn(folder)).toBeLessThanOrEqual(3 * chunks * chunkBytes);
    };
    for (let compaction = 0; compaction < 10; compaction++) compact(compaction, 8);
    // State that has shrunk takes its file with it.
    for (let compaction = 10; compaction < 12; compaction++) compact(compaction, 4);
  });
});

describe('reopening', () => {
  it('keeps the ring size with which the directory was made', () => {
    const folder = scratchFolder();
    openStore(folder, { ringSize: 16 }).close();
    expect(openStore(folder, { ringSize: 32 }).log.ringSize).toBe(16);
  });

  it('closing twice does no harm, and leaves the database and the empty lock only', () => {
    const folder = scratchFolder();
    const store = openStore(folder);
    store.commit(wholeCommit(1));
    store.close();
    store.close();
    expect(readdirSync(folder).toSorted()).toEqual(['lock.db', 'state.db']);
    expect(statSync(join(folder, 'lock.db')).size).toBe(0);
  });
});

function bytesIn(folder: string): number {
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  return sizes.reduce((sum, size) => sum + size, 0);
}
