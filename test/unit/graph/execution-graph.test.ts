import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createExecutionGraph, type ExecutionGraph } from '../../../lib/graph/execution-graph.ts';
import { createJobGraph } from '../../../lib/graph/job-graph.ts';
import type { EdgePartitioner } from '../../../lib/graph/operator-spec.ts';
import { graphOf, KEYED_CO_PROCESS, KEYED_PROCESS, source } from './graph-sketch.ts';
import { randomGraph } from './random-graph.ts';

/** A source and a map behind one edge. */
function pair(via: EdgePartitioner['kind'], parallelisms: readonly [number, number]): ExecutionGraph {
  const [from, to] = parallelisms;
  return createExecutionGraph(
    createJobGraph(
      graphOf([
        { name: 'in', spec: source(), parallelism: from, chaining: 'never' },
        { name: 'b', uid: 'b', parallelism: to, from: [{ node: 'in', via }] },
      ]),
    ),
  );
}

function channels(graph: ExecutionGraph): readonly string[] {
  return graph.channels.map((channel) => `${channel.sourceSubtask}-${channel.targetSubtask}`);
}

describe('channels', () => {
  test('of a forward edge connect equal indexes', () => {
    expect(channels(pair('auto', [3, 3]))).toEqual(['0-0', '1-1', '2-2']);
  });

  // Worked out by hand from Flink's VertexInputInfoComputationUtils.computeVertexInputInfoForPointwise.
  test.each([
    [1, 1, ['0-0']],
    [3, 3, ['0-0', '1-1', '2-2']],
    [4, 2, ['0-0', '1-0', '2-1', '3-1']],
    [2, 4, ['0-0', '0-1', '1-2', '1-3']],
    [3, 2, ['0-0', '1-1', '2-1']],
    [2, 3, ['0-0', '0-1', '1-2']],
    [5, 3, ['0-0', '1-1', '2-1', '3-2', '4-2']],
    [3, 5, ['0-0', '0-1', '1-2', '1-3', '2-4']],
    [3, 1, ['0-0', '1-0', '2-0']],
    [1, 3, ['0-0', '0-1', '0-2']],
  ])('of a rescale from %i to %i are those of Flink', (from, to, expected) => {
    expect(channels(pair('rescale', [from, to]))).toEqual(expected);
  });

  test.each(['hash', 'rebalance', 'shuffle', 'broadcast', 'custom'] as const)(
    'of %s connect all with all',
    (via) => {
      const graph = pair(via, [2, 3]);
      expect(channels(graph)).toEqual(['0-0', '0-1', '0-2', '1-0', '1-1', '1-2']);
      expect(graph.channels.every((channel) => channel.carriesRecords)).toBe(true);
    },
  );

  test('of global bring records to subtask 0 only, and time to all', () => {
    const graph = pair('global', [2, 3]);
    expect(channels(graph)).toHaveLength(6);
    const carrying = graph.channels.filter((channel) => channel.carriesRecords);
    expect(carrying.map((channel) => `${channel.sourceSubtask}-${channel.targetSubtask}`)).toEqual([
      '0-0',
      '1-0',
    ]);
  });

  test('of an open edge between different parallelism connect all with all', () => {
    expect(channels(pair('auto', [3, 2]))).toHaveLength(6);
  });
});

describe('subtasks', () => {
  test('have a gate per edge with its input index, ordered by source', () => {
    const graph = createExecutionGraph(
      createJobGraph(
        graphOf([
          { name: 'in', spec: source(), parallelism: 2 },
          { name: 'rules', spec: source() },
          {
            name: 'alerts',
            spec: KEYED_CO_PROCESS,
            parallelism: 2,
            from: [
              { node: 'in', via: 'hash' },
              { node: 'rules', via: 'hash', input: 1 },
            ],
          },
        ]),
      ),
    );
    const subtask = graph.vertices[2]?.subtasks[1];
    expect(subtask?.id).toBe('alerts (2/2)');
    expect(subtask?.inputs.map((gate) => gate.channels.map((channel) => channel.id))).toEqual([
      ['e0:0-1', 'e0:1-1'],
      ['e1:0-1'],
    ]);
    expect(subtask?.inputs.map((gate) => gate.channels[0]?.inputIndex)).toEqual([0, 1]);
  });

  test('have outputs ordered by target', () => {
    const outputs = pair('hash', [2, 3]).vertices[0]?.subtasks[1]?.outputs;
    expect(outputs?.map((group) => group.channels.map((channel) => channel.targetSubtask))).toEqual([
      [0, 1, 2],
    ]);
  });

  test('own the key groups of their index', () => {
    const graph = createExecutionGraph(
      createJobGraph(
        graphOf([
          { name: 'in', spec: source() },
          {
            name: 'k',
            spec: KEYED_PROCESS,
            parallelism: 3,
            maxParallelism: 10,
            from: [{ node: 'in', via: 'hash' }],
          },
        ]),
      ),
    );
    expect(graph.vertices[1]?.subtasks.map((subtask) => subtask.keyGroups)).toEqual([
      [0, 3],
      [4, 6],
      [7, 9],
    ]);
  });
});

describe('any graph', () => {
  const ALL_TO_ALL = new Set(['hash', 'rebalance', 'shuffle', 'broadcast', 'custom', 'global']);

  test('has p × q channels for every all-to-all edge, and each subtask is reached on every edge', () => {
    fc.assert(
      fc.property(randomGraph, (sketch) => {
        const jobGraph = createJobGraph(sketch);
        const graph = createExecutionGraph(jobGraph);
        const parallelisms = new Map(jobGraph.vertices.map((vertex) => [vertex.id, vertex.parallelism]));
        for (const edge of jobGraph.edges) {
          const from = parallelisms.get(edge.sourceVertexId) ?? 0;
          const to = parallelisms.get(edge.targetVertexId) ?? 0;
          const own = graph.channels.filter((channel) => channel.edgeId === edge.id);
          const expected = ALL_TO_ALL.has(edge.partitioner.kind) ? from * to : Math.max(from, to);
          expect(own).toHaveLength(expected);
        }
        expect(new Set(graph.channels.map((channel) => channel.id)).size).toBe(graph.channels.length);
        for (const { subtasks } of graph.vertices) {
          for (const { inputs, outputs } of subtasks) {
            expect([...inputs, ...outputs].every((group) => group.channels.length > 0)).toBe(true);
          }
        }
      }),
    );
  });

  test('has every channel once as an input and once as an output', () => {
    fc.assert(
      fc.property(randomGraph, (sketch) => {
        const graph = createExecutionGraph(createJobGraph(sketch));
        const ids = (side: 'inputs' | 'outputs') =>
          graph.vertices
            .flatMap((vertex) => vertex.subtasks.flatMap((subtask) => subtask[side]))
            .flatMap((group) => group.channels.map((channel) => channel.id))
            .sort();
        const all = graph.channels.map((channel) => channel.id).sort();
        expect(ids('inputs')).toEqual(all);
        expect(ids('outputs')).toEqual(all);
      }),
    );
  });

  test('has key groups that partition the range of each vertex', () => {
    fc.assert(
      fc.property(randomGraph, (sketch) => {
        for (const { vertex, subtasks } of createExecutionGraph(createJobGraph(sketch)).vertices) {
          const ends = subtasks.map((subtask) => subtask.keyGroups);
          expect(ends[0]?.[0]).toBe(0);
          expect(ends.at(-1)?.[1]).toBe(vertex.maxParallelism - 1);
          ends.slice(1).forEach(([start], index) => {
            expect(start).toBe(ends[index]![1] + 1);
          });
        }
      }),
    );
  });
});
