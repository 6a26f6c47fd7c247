import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FolderSavepointStore } from '../../../lib/adapters/folder/folder-savepoint-store.ts';
import type { OperatorDelta } from '../../../lib/core/log/state-delta.ts';
import { StateImage } from '../../../lib/protocol/state-image.ts';
import { readManifest, readSavepoint } from '../../../lib/savepoint/read-savepoint.ts';
import type { JobImage } from '../../../lib/savepoint/savepoint-image.ts';
import { MANIFEST_NAME } from '../../../lib/savepoint/savepoint-manifest.ts';
import { writeSavepoint } from '../../../lib/savepoint/write-savepoint.ts';

const NOW = Date.UTC(2026, 0, 2);

function delta(operator: string, parts: Partial<OperatorDelta>): OperatorDelta {
  return {
    ...{ operator, keyed: [], timers: [], states: [], watermark: undefined },
    ...{ keyGroupWatermarks: undefined },
    ...parts,
  };
}

function counts(values: Readonly<Record<string, unknown>>): OperatorDelta {
  const changes = Object.entries(values).map(
    ([key, value]) => ({ op: 'put', key, namespace: undefined, part: undefined, value }) as const,
  );
  return delta('counts', { keyed: [{ name: 'count', kind: 'value', changes }], watermark: 7 });
}

function job(...subtasks: readonly (readonly OperatorDelta[])[]): JobImage {
  const images = subtasks.map((deltas) => {
    const image = new StateImage();
    for (const one of deltas) image.apply(one);
    return image;
  });
  const operators = [
    { id: 'numbers', kind: 'source', name: 'Source', connector: 'file' },
    { id: 'counts', kind: 'keyedProcess', name: 'Process', connector: null },
  ];
  return { job: 'words', vertices: [{ id: 'counts', maxParallelism: 128, operators, images }] };
}

const root = mkdtempSync(join(tmpdir(), 'millrace-savepoint-'));
let savepoints = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function written(image: JobImage) {
  const folder = join(root, `${++savepoints}`);
  const store = new FolderSavepointStore(folder);
  const manifest = await writeSavepoint(image, { store, where: folder, now: NOW });
  return { folder, manifest, location: { store, where: folder } };
}

function deltasOf({ vertices }: JobImage) {
  return vertices.map(({ images }) => images.map((image) => image.deltas()));
}

/** Changes the bytes of a file. */
function tamper(folder: string, name: string, change: (bytes: Buffer) => Uint8Array): void {
  const path = join(folder, name);
  writeFileSync(path, change(readFileSync(path)));
}

describe('a savepoint', () => {
  it('holds what was put in, by operator, state and key', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 4 }),
        async (subtasks) => {
          const image = job(...subtasks.map((values) => [counts(values)]));
          const { location } = await written(image);
          expect(deltasOf(await readSavepoint(location))).toEqual(deltasOf(image));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('describes states and positions in words', async () => {
    const split = { splitId: 'a.csv', path: 'a.csv', offset: 120, line: 7, columns: null };
    const changes = [{ op: 'put', part: 'a.csv', value: { split } }] as const;
    const source = delta('numbers', { states: [{ name: 'splits', redistribution: 'split', changes }] });
    const { manifest } = await written(job([source, counts({ a: { n: 1 }, b: { n: 2, last: 'x' } })]));
    expect(manifest.sources).toEqual([
      { operator: 'numbers', connector: 'file', position: ['a.csv: path a.csv, offset 120, line 7'] },
    ]);
    expect(manifest.states).toEqual([
      {
        ...{ operator: 'counts', name: 'count', kind: 'value', keys: 2, values: 2 },
        ...{ keyType: 'string', valueType: '{ last?: string; n: number }' },
      },
    ]);
    expect(manifest.vertices[0]?.subtasks[0]?.keyGroups).toEqual([0, 127]);
  });

  it('is refused without its manifest, which is written last', async () => {
    const { folder, location } = await written(job([counts({ a: 1 })]));
    rmSync(join(folder, MANIFEST_NAME));
    await expect(readSavepoint(location)).rejects.toMatchObject({ code: 'SAVEPOINT_NOT_FOUND' });
  });

  it('is refused with the name of the object that is missing or damaged', async () => {
    const { folder, location } = await written(job([counts({ a: 1 })], [counts({ b: 2 })]));
    tamper(folder, 'state/0/1-0.bin', (bytes) => bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)));
    await expect(readSavepoint(location)).rejects.toMatchObject({
      code: 'STATE_CORRUPT',
      message: expect.stringContaining('state/0/1-0.bin has been changed'),
    });
    rmSync(join(folder, 'state/0/1-0.bin'));
    await expect(readSavepoint(location)).rejects.toThrow('state/0/1-0.bin is missing');
  });

  it('is refused if its manifest was changed or cut', async () => {
    const { folder, location } = await written(job([counts({ a: 1 })]));
    tamper(folder, MANIFEST_NAME, (bytes) => Buffer.from(bytes.toString().replace('words', 'other')));
    await expect(readManifest(location)).rejects.toThrow('manifest.json has been changed');
    tamper(folder, MANIFEST_NAME, (bytes) => bytes.slice(0, 40));
    await expect(readManifest(location)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });

  it('is refused if a later release wrote it', async () => {
    const { folder, location } = await written(job([counts({ a: 1 })]));
    const newer = (bytes: Buffer) => Buffer.from(bytes.toString().replace('"version": 1', '"version": 2'));
    tamper(folder, MANIFEST_NAME, newer);
    await expect(readManifest(location)).rejects.toMatchObject({ code: 'STATE_FORMAT_UNSUPPORTED' });
  });

  it('is not written where something is', async () => {
    const { folder } = await written(job([counts({ a: 1 })]));
    const place = { store: new FolderSavepointStore(folder), where: folder, now: NOW };
    await expect(writeSavepoint(job(), place)).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
    });
  });
});
