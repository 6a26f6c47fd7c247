import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchingEdge, rerouteFrame } from '../../../lib/coordinator/rerouting.ts';
import type { PlanEdge, PlanRouting, RunPlan } from '../../../lib/coordinator/run-plan.ts';
import type { Frame } from '../../../lib/core/log/frame.ts';

const MAX_PARALLELISM = 16;

function planOf(parallelism: number, routing: PlanRouting, edge: Partial<PlanEdge> = {}): RunPlan {
  const vertex = (id: string, own: number) => ({
    ...{ id, parallelism: own, maxParallelism: MAX_PARALLELISM, source: false },
    operators: [{ id, keyed: false }],
  });
  const ends = { sourceVertex: 'a', targetVertex: 'b', sourceOperator: 'a', targetOperator: 'b' };
  return {
    vertices: [vertex('a', 1), vertex('b', parallelism)],
    edges: [{ id: 'e0', ...ends, inputIndex: 0, routing, ...edge }],
  };
}

function frameOf(groups: readonly (readonly number[])[], more: Partial<Frame> = {}): Frame {
  const runs = groups.map((keyGroups, i) => ({
    ...{ watermark: i, idle: false },
    records: keyGroups.map((keyGroup, j) => ({ keyGroup, value: `${i}.${j}`, timestamp: j })),
  }));
  return {
    ...{ kind: 'frame', run: 'r', upstream: 'a/0', target: 'b/0', edge: 'e0', cseq: 7, version: 3, epoch: 1 },
    ...{ endOfInput: false, runs, ...more },
  };
}

function valuesOf({ runs }: Frame): readonly unknown[] {
  return runs.flatMap(({ records }) => records.map(({ value }) => value));
}

const keyGroup = fc.integer({ min: 0, max: MAX_PARALLELISM - 1 });

describe('rerouteFrame', () => {
  it('sends every record of a keyed edge to the owner of its key group, once, behind its watermark', () => {
    fc.assert(
      fc.property(fc.array(fc.array(keyGroup)), fc.integer({ min: 1, max: 8 }), (groups, parallelism) => {
        const frame = frameOf(groups);
        const newPlan = planOf(parallelism, 'key-group');
        const routed = rerouteFrame(frame, { oldPlan: planOf(2, 'key-group'), newPlan, dropLost: false });
        const found = routed.flatMap((part) => valuesOf(part.frame));
        expect([...found].sort()).toEqual([...valuesOf(frame)].sort());
        for (const part of routed) {
          expect(valuesOf(part.frame).length).toBeGreaterThan(0);
          for (const [i, run] of part.frame.runs.entries()) {
            expect(run.watermark).toBe(i);
            for (const record of run.records) {
              expect(Math.floor((record.keyGroup * parallelism) / MAX_PARALLELISM)).toBe(part.subtask);
            }
          }
        }
      }),
    );
  });

  const targets = (frame: Frame, before: RunPlan, after: RunPlan): readonly number[] =>
    rerouteFrame(frame, { oldPlan: before, newPlan: after, dropLost: false }).map(({ subtask }) => subtask);
  const unkeyed = frameOf([[-1, -1]]);

  it('gives everybody one copy of what was broadcast', () => {
    const [two, three] = [planOf(2, 'broadcast'), planOf(3, 'broadcast')];
    expect(targets(unkeyed, two, three)).toEqual([0, 1, 2]);
    expect(targets({ ...unkeyed, target: 'b/1' }, two, three)).toEqual([]);
    expect(targets({ ...unkeyed, target: 'b/1' }, two, two)).toEqual([1]);
  });

  it('keeps whole frames of other edges together', () => {
    expect(targets({ ...unkeyed, target: 'b/3' }, planOf(4, 'any'), planOf(2, 'any'))).toEqual([1]);
    expect(targets({ ...unkeyed, target: 'b/3' }, planOf(4, 'first'), planOf(2, 'first'))).toEqual([0]);
  });

  it('finds the edge between the same operators, else any into the same input', () => {
    const [old] = planOf(1, 'any').edges;
    const renamed = planOf(1, 'any', { id: 'e5', sourceOperator: 'other' });
    expect(matchingEdge(old!, renamed)?.id).toBe('e5');
    expect(matchingEdge(old!, { ...renamed, edges: [...renamed.edges, old!] })?.id).toBe('e0');
    expect(matchingEdge(old!, planOf(1, 'any', { inputIndex: 1 }))).toBeUndefined();
    const [routed] = rerouteFrame(unkeyed, { oldPlan: planOf(1, 'any'), newPlan: renamed, dropLost: false });
    expect(routed?.frame).toMatchObject({ edge: 'e5', cseq: 7, upstream: 'a/0' });
  });

  it('refuses what has no place in the new plan', () => {
    const gone = { ...planOf(1, 'any'), edges: [] };
    const lost = { vertices: gone.vertices.slice(0, 1), edges: [] };
    const route = (newPlan: RunPlan, dropLost: boolean) => () =>
      rerouteFrame(unkeyed, { oldPlan: planOf(1, 'any'), newPlan, dropLost });
    expect(route(gone, true)).toThrow(/no edge on which they could arrive/);
    expect(route(lost, false)).toThrow(/no edge on which they could arrive/);
    expect(route(lost, true)()).toEqual([]);
    expect(route(planOf(1, 'key-group'), false)).toThrow(/without a key/);
    expect(() => route(gone, false)).not.toThrow();
    expect(() =>
      rerouteFrame(frameOf([], { edge: 'e9' }), { oldPlan: gone, newPlan: gone, dropLost: false }),
    ).toThrow(/unknown edge e9/);
  });
});
