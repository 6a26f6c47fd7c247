import { describe, expect, test } from 'vitest';
import { createJobGraph, type JobGraph, jobMaxParallelism, nodesOf } from '../../../lib/graph/job-graph.ts';
import type { EdgePartitioner } from '../../../lib/graph/operator-spec.ts';
import {
  CO_MAP,
  graphOf,
  KEYED_CO_PROCESS,
  KEYED_PROCESS,
  type NodeSketch,
  PROCESS,
  processWindow,
  reduceWindow,
  sink,
  source,
} from './graph-sketch.ts';

const IN: NodeSketch = { name: 'in', spec: source() };

function names(graph: JobGraph): readonly string[] {
  return graph.vertices.map((vertex) => vertex.name);
}

function edges(graph: JobGraph): readonly string[] {
  return graph.edges.map((edge) => {
    const tag = edge.sideOutputId === undefined ? '' : `[${edge.sideOutputId}]`;
    return `${edge.sourceVertexId}${tag} ${edge.partitioner.kind} ${edge.targetVertexId}:${edge.inputIndex}`;
  });
}

describe('an edge is chained', () => {
  const chained: readonly (readonly [string, NodeSketch, NodeSketch])[] = [
    ['an open one between equals', IN, { name: 'b', from: ['in'] }],
    ['an explicit forward', IN, { name: 'b', from: [{ node: 'in', via: 'forward' }] }],
    ['between equals above 1', { ...IN, parallelism: 3 }, { name: 'b', parallelism: 3, from: ['in'] }],
    ['behind a head', { ...IN, chaining: 'head' }, { name: 'b', from: ['in'] }],
    [
      'with different max parallelism',
      { ...IN, maxParallelism: 8 },
      { name: 'b', maxParallelism: 16, from: ['in'] },
    ],
  ];
  test.each(chained)('%s', (_, a, b) => {
    expect(names(createJobGraph(graphOf([a, b])))).toEqual(['in -> b']);
  });
});

describe('an edge is not chained', () => {
  const kinds: readonly EdgePartitioner['kind'][] = [
    'hash',
    'rebalance',
    'rescale',
    'shuffle',
    'broadcast',
    'global',
    'custom',
  ];
  test.each(kinds)('that is partitioned by %s, also between equals', (via) => {
    const graph = createJobGraph(graphOf([IN, { name: 'b', from: [{ node: 'in', via }] }]));
    expect(names(graph)).toEqual(['in', 'b']);
    expect(edges(graph)).toEqual([`in ${via} n1:0`]);
  });

  const apart: readonly (readonly [string, NodeSketch, NodeSketch])[] = [
    ['between different parallelism', { ...IN, parallelism: 2 }, { name: 'b', from: ['in'] }],
    [
      'by an explicit forward between different parallelism',
      { ...IN, parallelism: 2 },
      { name: 'b', from: [{ node: 'in', via: 'forward' }] },
    ],
    ['behind an operator that is never chained', { ...IN, chaining: 'never' }, { name: 'b', from: ['in'] }],
    ['before an operator that is never chained', IN, { name: 'b', chaining: 'never', from: ['in'] }],
    ['before an operator that starts a chain', IN, { name: 'b', chaining: 'head', from: ['in'] }],
  ];
  test.each(apart)('%s', (_, a, b) => {
    expect(names(createJobGraph(graphOf([a, b])))).toEqual(['in', 'b']);
  });

  test('when the job forbids chaining', () => {
    const graph = graphOf([IN, { name: 'b', from: ['in'] }], { chainingEnabled: false });
    expect(names(createJobGraph(graph))).toEqual(['in', 'b']);
  });

  test('into a union', () => {
    const graph = createJobGraph(
      graphOf([IN, { name: 'b', spec: source() }, { name: 'u', from: ['in', 'b'] }]),
    );
    expect(names(graph)).toEqual(['in', 'b', 'u']);
    expect(edges(graph)).toEqual(['in forward n2:0', 'b forward n2:0']);
  });

  test('into a union of a stream with itself, which gets two edges', () => {
    const graph = createJobGraph(graphOf([IN, { name: 'u', from: ['in', 'in'] }]));
    expect(edges(graph)).toEqual(['in forward n1:0', 'in forward n1:0']);
    expect(new Set(graph.edges.map((edge) => edge.id)).size).toBe(2);
  });

  test('into a two-input operator', () => {
    const from = ['in', { node: 'b', input: 1 as const }];
    const graph = createJobGraph(
      graphOf([IN, { name: 'b', spec: source() }, { name: 'c', spec: CO_MAP, from }]),
    );
    expect(names(graph)).toEqual(['in', 'b', 'c']);
    expect(edges(graph)).toEqual(['in forward n2:0', 'b forward n2:1']);
  });
});

describe('an open edge', () => {
  test('between different parallelism is a rebalance', () => {
    const graph = createJobGraph(graphOf([IN, { name: 'b', parallelism: 2, from: ['in'] }]));
    expect(edges(graph)).toEqual(['in rebalance n1:0']);
  });
});

describe('vertices', () => {
  test('are named as in Flink, with branches in parentheses', () => {
    const graph = createJobGraph(
      graphOf([
        IN,
        { name: 'a', from: ['in'] },
        { name: 'b', from: ['a'] },
        { name: 'c', from: ['a'] },
        { name: 'd', from: ['c'] },
      ]),
    );
    expect(names(graph)).toEqual(['in -> a -> (b, c -> d)']);
    expect(nodesOf(graph.vertices[0]!).map((node) => node.name)).toEqual(['in', 'a', 'b', 'c', 'd']);
  });

  test('have the uid of their head as id, else one that no uid can take away', () => {
    const graph = createJobGraph(
      graphOf([
        { ...IN, uid: 'n1' },
        { name: 'a', from: [{ node: 'in', via: 'rebalance' }] },
        { name: 'b', uid: 'own', from: [{ node: 'a', via: 'rebalance' }] },
      ]),
    );
    expect(graph.vertices.map((vertex) => vertex.id)).toEqual(['n1', '_n1', 'own']);
  });

  test('have the max parallelism of their head, of the job or the default of the widest operator', () => {
    const nodes = [
      { ...IN, maxParallelism: 16 },
      { name: 'b', from: ['in'] },
      { name: 'c', parallelism: 100, from: ['b'] },
    ];
    const maxima = (job: object) =>
      createJobGraph(graphOf(nodes, job)).vertices.map((vertex) => vertex.maxParallelism);
    expect(maxima({})).toEqual([16, 256]);
    expect(maxima({ maxParallelism: 512 })).toEqual([16, 512]);
    expect(jobMaxParallelism(graphOf([]))).toBe(128);
  });

  test('keep chained edges inside and list the others as inputs and outputs', () => {
    const graph = createJobGraph(
      graphOf([
        IN,
        { name: 'a', from: ['in'] },
        { name: 'k', spec: KEYED_PROCESS, from: [{ node: 'a', via: 'hash' }] },
        { name: 'out', spec: sink(), from: ['k'] },
        { name: 'raw', spec: sink(), from: [{ node: 'in', via: 'rebalance' }] },
      ]),
    );
    const [first, second] = graph.vertices;
    expect(names(graph)).toEqual(['in -> a', 'k -> out', 'raw']);
    expect(first?.chainedEdges).toEqual([{ sourceNodeId: 0, targetNodeId: 1, sideOutputId: undefined }]);
    expect(first?.outputs.map((edge) => [edge.sourceNodeId, edge.targetVertexId])).toEqual([
      [1, 'k'],
      [0, 'raw'],
    ]);
    expect(second?.inputs).toEqual([graph.edges[0]]);
    expect(edges(graph)).toEqual(['in hash k:0', 'in rebalance raw:0']);
  });

  test('are frozen with all that belongs to them', () => {
    const graph = createJobGraph(graphOf([IN, { name: 'b', from: ['in'] }]));
    const vertex = graph.vertices[0]!;
    for (const part of [
      graph,
      graph.vertices,
      graph.edges,
      vertex,
      vertex.stages,
      vertex.stages[0],
      vertex.inputs,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('side outputs', () => {
  test('chain like main outputs', () => {
    const graph = createJobGraph(
      graphOf([
        IN,
        { name: 'p', spec: PROCESS, from: ['in'] },
        { name: 'main', spec: sink(), from: ['p'] },
        { name: 'late', spec: sink(), from: [{ node: 'p', tag: 'late' }] },
      ]),
    );
    expect(names(graph)).toEqual(['in -> p -> (main, late)']);
    expect(graph.vertices[0]?.chainedEdges.map((edge) => edge.sideOutputId)).toEqual([
      undefined,
      undefined,
      'late',
    ]);
  });

  test('keep their tag on an edge between vertices', () => {
    const graph = createJobGraph(
      graphOf([
        IN,
        { name: 'w', spec: processWindow(), from: [{ node: 'in', via: 'hash' }] },
        { name: 'late', spec: sink(), parallelism: 2, from: [{ node: 'w', tag: 'late' }] },
      ]),
    );
    expect(edges(graph)).toEqual(['in hash w:0', 'w[late] rebalance late:0']);
  });
});

describe('keyed operators', () => {
  test('start a vertex behind keyBy and take what is chained behind them into their stage', () => {
    const graph = createJobGraph(
      graphOf([
        IN,
        { name: 'w', spec: reduceWindow(), from: [{ node: 'in', via: 'hash' }] },
        { name: 'm', from: ['w'] },
      ]),
    );
    expect(names(graph)).toEqual(['in', 'w -> m']);
    expect(graph.vertices[1]?.stages.map((stage) => stage.nodes.map((node) => node.name))).toEqual([
      ['w', 'm'],
    ]);
  });

  test('start a stage where they are chained by a forward edge', () => {
    const graph = createJobGraph(
      graphOf([
        IN,
        { name: 'a', from: ['in'] },
        { name: 'all', spec: reduceWindow({ allWindows: true }), from: ['a'] },
        { name: 'x', from: ['a'] },
        { name: 'y', from: ['all'] },
      ]),
    );
    expect(names(graph)).toEqual(['in -> a -> (all -> y, x)']);
    expect(graph.vertices[0]?.stages.map((stage) => stage.nodes.map((node) => node.name))).toEqual([
      ['in', 'a', 'x'],
      ['all', 'y'],
    ]);
  });

  test('with two inputs read both by hash', () => {
    const from = [
      { node: 'in', via: 'hash' as const },
      { node: 'rules', via: 'hash' as const, input: 1 as const },
    ];
    const graph = createJobGraph(
      graphOf([IN, { name: 'rules', spec: source() }, { name: 'alerts', spec: KEYED_CO_PROCESS, from }]),
    );
    expect(edges(graph)).toEqual(['in hash alerts:0', 'rules hash alerts:1']);
  });
});

test('an edge from an operator that does not exist is a defect', () => {
  const graph = graphOf([{ name: 'b', from: ['nobody'] }]);
  expect(() => createJobGraph(graph)).toThrowError(expect.objectContaining({ code: 'INVARIANT' }));
});
