import { describe, expect, it } from 'vitest';
import { nodePartFiles } from '../../../../lib/connectors/file/node-part-files.ts';
import { OpenPartsState } from '../../../../lib/connectors/file/open-parts-state.ts';
import { parquetParts } from '../../../../lib/connectors/file/parquet-part.ts';
import { PartFile } from '../../../../lib/connectors/file/part-file.ts';
import type { OperatorStateDelta } from '../../../../lib/core/log/state-delta.ts';

interface Row {
  readonly n: number;
}

const FORMAT = parquetParts<Row>('out', { columns: [{ name: 'n', type: 'INT32', nullable: false }] });

function partOf(name: string): PartFile<Row> {
  return new PartFile({ files: nodePartFiles, folder: 'nowhere', part: name }, FORMAT.createEncoder(), 0);
}

/** Parts of the state `name` that a delta puts or removes. */
function changed(states: readonly OperatorStateDelta[], name: string): readonly string[] {
  const changes = states.filter((state) => state.name === name).flatMap((state) => state.changes);
  return changes.map((change) => (change.op === 'clear' ? 'clear' : `${change.op} ${change.part}`));
}

function numbers(parts: Readonly<Record<string, number>>): OperatorStateDelta {
  const changes = Object.entries(parts).map(
    ([part, number]) => ({ op: 'put', part, value: { part: number, chunk: 0 } }) as const,
  );
  return { name: 'file-numbers', redistribution: 'union', changes };
}

describe('the state of the open parts of a file sink', () => {
  it('counts on from the highest number of all subtasks and keeps only its own', () => {
    const state = new OpenPartsState<Row>(1, FORMAT);
    const { nextNumber } = state.apply([numbers({ 0: 12, 1: 5 })]);
    expect(nextNumber).toBe(12);
    const states = state.collect('changes', { parts: [], nextNumber });
    expect(changed(states, 'file-numbers')).toEqual(['clear', 'put 1']);
    expect(state.collect('changes', { parts: [], nextNumber })).toEqual([]);
  });

  it('writes each waiting row a few times and keeps few chunks, however few rows a commit has', () => {
    const commits = 1000;
    const state = new OpenPartsState<Row>(0, FORMAT);
    const part = partOf('part-0-0.parquet');
    const stored = new Map<string, readonly number[]>();
    let written = 0;
    for (let n = 0; n < commits; n++) {
      part.add({ n });
      for (const { name, changes } of state.collect('changes', { parts: [part], nextNumber: 1 })) {
        if (name !== 'file-rows') continue;
        for (const change of changes) {
          if (change.op === 'remove') stored.delete(change.part);
          if (change.op !== 'put') continue;
          // What this format puts are columns.
          const rows = (change.value as { readonly n: readonly number[] }).n;
          written += rows.length;
          stored.set(change.part, rows);
        }
      }
    }
    expect([...stored.values()].flat()).toEqual(Array.from({ length: commits }, (_, n) => n));
    expect(stored.size).toBeLessThan(50);
    expect(written).toBeLessThan(4 * commits);
  });

  it('is whole when all of it is asked for, and the changes after that are the same as without', () => {
    const state = new OpenPartsState<Row>(0, FORMAT);
    const part = partOf('a/part-0-0.parquet');
    part.add({ n: 1 });
    const open = { parts: [part], nextNumber: 1 };
    const all = state.collect('all', open);
    expect(changed(all, 'file-parts')).toEqual(['put a/part-0-0.parquet']);
    expect(changed(all, 'file-rows')).toEqual(['put a/part-0-0.parquet#0']);
    expect(changed(all, 'file-numbers')).toEqual(['put 0']);
    const changes = state.collect('changes', open);
    expect(changes.map(({ name }) => name)).toEqual(all.map(({ name }) => name));
    expect(state.collect('changes', open)).toEqual([]);
  });
});
