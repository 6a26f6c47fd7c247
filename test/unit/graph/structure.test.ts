import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { structureDifference, structureOf } from '../../../lib/graph/structure.ts';
import { graphOf, KEYED_PROCESS, reduceWindow, sink, source } from './graph-sketch.ts';
import { randomGraph } from './random-graph.ts';

const JOB = [
  { name: 'in', spec: source() },
  {
    name: 'w',
    spec: reduceWindow({ allowedLatenessMs: 5, lateTagId: 'late' }),
    from: [{ node: 'in', via: 'hash' as const }],
  },
  { name: 'out', spec: sink(), from: [{ node: 'w', tag: 'late' }] },
];

test('a structure is plain data that survives JSON', () => {
  fc.assert(
    fc.property(randomGraph, (graph) => {
      const structure = structureOf(graph);
      expect(JSON.parse(JSON.stringify(structure))).toEqual(structure);
    }),
  );
});

test('it says what each operator does', () => {
  expect(structureOf(graphOf(JOB)).nodes[1]).toEqual({
    id: 1,
    kind: 'window',
    name: 'w',
    uid: 'w',
    parallelism: 1,
    maxParallelism: null,
    chaining: 'always',
    onError: null,
    details: {
      assigner: 'Tumbling(9)',
      trigger: 'EventTime()',
      allowedLatenessMs: 5,
      lateOutput: 'late',
      evaluation: 'reduce',
    },
    inputs: [{ sourceId: 0, inputIndex: 0, partitioner: 'hash', sideOutputId: null }],
  });
});

test('it leaves out where in the file an operator was made', () => {
  const graph = graphOf(JOB);
  const moved = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, location: 'elsewhere.ts:9:9' })) };
  expect(structureOf(moved)).toEqual(structureOf(graph));
});

describe('the difference of two builds', () => {
  const difference = (a: Parameters<typeof graphOf>, b: Parameters<typeof graphOf>) =>
    structureDifference(structureOf(graphOf(...a)), structureOf(graphOf(...b)));

  test('is undefined for equal builds', () => {
    expect(difference([JOB], [JOB])).toBeUndefined();
  });

  test('names the operator and the field', () => {
    const other = JOB.map((node) => (node.name === 'w' ? { ...node, spec: KEYED_PROCESS } : node));
    expect(difference([JOB], [other])).toBe(
      'operator 1 \'w\': kind is "window" in one build and "keyedProcess" in the other',
    );
  });

  test('names the number of operators and the settings of the job', () => {
    expect(difference([JOB], [JOB.slice(0, 2)])).toBe('job: nodes is 3 in one build and 2 in the other');
    expect(difference([JOB], [JOB, { onError: 'dead-letter' }])).toContain('job: onError');
  });
});
