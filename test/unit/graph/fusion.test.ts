import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FusedPlan, fuseForSingleThread } from '../../../lib/graph/fusion.ts';
import { createJobGraph } from '../../../lib/graph/job-graph.ts';
import type { StreamGraph } from '../../../lib/graph/stream-graph.ts';
import { graphOf, KEYED_PROCESS, sink, source } from './graph-sketch.ts';
import { randomGraph } from './random-graph.ts';

function fuse(graph: StreamGraph): FusedPlan {
  return fuseForSingleThread(createJobGraph(graph));
}

function tasks(plan: FusedPlan): readonly (readonly string[])[] {
  return plan.tasks.map((task) => task.vertices.map((vertex) => vertex.id));
}

const IN = { name: 'in', spec: source() };
const keyed = (name: string, from: string) => ({
  name,
  spec: KEYED_PROCESS,
  from: [{ node: from, via: 'hash' as const }],
});

describe('on one thread', () => {
  test('a job of parallelism 1 is one task, across keyBy too', () => {
    const plan = fuse(
      graphOf([IN, keyed('k', 'in'), keyed('l', 'k'), { name: 'out', spec: sink(), from: ['l'] }]),
    );
    expect(tasks(plan)).toEqual([['in', 'k', 'l']]);
    expect(plan.tasks[0]?.id).toBe('in');
    expect([...plan.fusedEdges]).toEqual(['e0', 'e1']);
  });

  test('two jobs in one graph are two tasks', () => {
    const plan = fuse(
      graphOf([IN, { name: 'other', spec: source() }, keyed('k', 'other'), keyed('l', 'in')]),
    );
    expect(tasks(plan)).toEqual([
      ['in', 'l'],
      ['other', 'k'],
    ]);
  });

  test('an edge with a wider side is a channel', () => {
    const plan = fuse(
      graphOf([IN, { ...keyed('k', 'in'), parallelism: 2 }, { ...keyed('l', 'k'), parallelism: 2 }]),
    );
    expect(tasks(plan)).toEqual([['in'], ['k'], ['l']]);
    expect(plan.tasks.map((task) => task.parallelism)).toEqual([1, 2, 2]);
    expect(plan.fusedEdges.size).toBe(0);
  });

  test('a task never waits for itself: vertices with a wider one between them stay apart', () => {
    const plan = fuse(
      graphOf([
        IN,
        { ...keyed('wide', 'in'), parallelism: 2 },
        {
          name: 'join',
          uid: 'join',
          from: [
            { node: 'wide', via: 'rebalance' },
            { node: 'in', via: 'rebalance' },
          ],
        },
        keyed('after', 'join'),
      ]),
    );
    expect(tasks(plan)).toEqual([['in'], ['wide'], ['join', 'after']]);
  });
});

describe('any plan', () => {
  test('holds each vertex once, fuses only at parallelism 1 and leads forward only', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const plan = fuse(graph);
        const taskOf = new Map<string, number>();
        plan.tasks.forEach((task, index) => {
          for (const vertex of task.vertices) taskOf.set(vertex.id, index);
          expect(
            task.vertices.length === 1 || task.vertices.every((vertex) => vertex.parallelism === 1),
          ).toBe(true);
        });
        expect(plan.tasks.flatMap((task) => task.vertices)).toHaveLength(plan.jobGraph.vertices.length);
        for (const edge of plan.jobGraph.edges) {
          const from = taskOf.get(edge.sourceVertexId) ?? -1;
          const to = taskOf.get(edge.targetVertexId) ?? -1;
          expect(plan.fusedEdges.has(edge.id)).toBe(from === to);
          expect(from).toBeLessThanOrEqual(to);
        }
      }),
    );
  });

  test('fuses every edge where all vertices have parallelism 1', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const narrow = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, parallelism: 1 })) };
        const plan = fuse(narrow);
        expect(plan.fusedEdges.size).toBe(plan.jobGraph.edges.length);
      }),
    );
  });
});
