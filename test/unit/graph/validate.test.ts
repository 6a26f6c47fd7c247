import { describe, expect, test } from 'vitest';
import { UserError } from '../../../lib/core/errors.ts';
import type { OperatorSpec } from '../../../lib/graph/operator-spec.ts';
import type { StreamGraph } from '../../../lib/graph/stream-graph.ts';
import { validateStreamGraph } from '../../../lib/graph/validate.ts';
import {
  CO_FLAT_MAP,
  CO_MAP,
  CO_PROCESS,
  FILTER,
  FLAT_MAP,
  graphOf,
  KEYED_CO_PROCESS,
  KEYED_PROCESS,
  KEYED_REDUCE,
  MAP,
  PROCESS,
  processWindow,
  reduceWindow,
  sink,
  source,
  WATERMARK_ASSIGNER,
} from './graph-sketch.ts';

function refusal(graph: StreamGraph): UserError {
  try {
    validateStreamGraph(graph);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('The graph was accepted.');
}

const IN = { name: 'in', spec: source() };
const OUT = { name: 'out', spec: sink() };

test('a job with a source, a map and a sink is accepted', () => {
  validateStreamGraph(graphOf([IN, { name: 'm', from: ['in'] }, { ...OUT, from: ['m'] }]));
});

test('a branch that ends nowhere is accepted beside one with a sink', () => {
  validateStreamGraph(graphOf([IN, { name: 'loose', from: ['in'] }, { ...OUT, from: ['in'] }]));
});

describe('uids', () => {
  const stateful: readonly (readonly [string, OperatorSpec])[] = [
    ['keyed process function', KEYED_PROCESS],
    ['keyed reduce', KEYED_REDUCE],
    ['keyed co-process function', KEYED_CO_PROCESS],
    ['window', reduceWindow()],
    ['window over all', reduceWindow({ allWindows: true })],
  ];

  test.each(stateful)('a %s without uid is refused with its name and line', (_, spec) => {
    const error = refusal(
      graphOf([IN, { name: 'counts', spec, uid: null, from: ['in'] }, { ...OUT, from: ['counts'] }]),
    );
    expect(error.code).toBe('UID_MISSING');
    expect(error.message).toContain("'counts'");
    expect(error.message).toContain('job.ts:2:1');
    expect(error.message).toContain('.uid(');
    expect(error.context).toMatchObject({
      operatorName: 'counts',
      location: 'job.ts:2:1',
      jobName: 'sketch',
    });
  });

  test('sources and sinks need a uid, an empty one does not count', () => {
    const error = refusal(
      graphOf([
        { ...IN, uid: null },
        { ...OUT, uid: '', from: ['in'] },
      ]),
    );
    expect(error.code).toBe('UID_MISSING');
    expect(error.message).toContain('job.ts:1:1');
    expect(error.message).toContain('job.ts:2:1');
  });

  test.each([
    ['map', MAP],
    ['filter', FILTER],
    ['flatMap', FLAT_MAP],
    ['process function', PROCESS],
    ['watermark assigner', WATERMARK_ASSIGNER],
  ] as const)('a %s needs no uid', (_, spec) => {
    validateStreamGraph(graphOf([IN, { name: 'x', spec, uid: null, from: ['in'] }, { ...OUT, from: ['x'] }]));
  });

  test.each([
    ['co-map', CO_MAP],
    ['co-flatMap', CO_FLAT_MAP],
    ['co-process function', CO_PROCESS],
  ] as const)('a %s needs no uid', (_, spec) => {
    const from = ['in', { node: 'in', input: 1 }] as const;
    validateStreamGraph(graphOf([IN, { name: 'x', spec, uid: null, from }, { ...OUT, from: ['x'] }]));
  });

  test('a uid used twice is refused with both lines, also on stateless operators', () => {
    const error = refusal(
      graphOf([IN, { name: 'm', uid: 'same', from: ['in'] }, { ...OUT, uid: 'same', from: ['m'] }]),
    );
    expect(error.code).toBe('UID_DUPLICATE');
    expect(error.message).toContain("'same'");
    expect(error.message).toContain('job.ts:2:1');
    expect(error.message).toContain('job.ts:3:1');
  });
});

describe('forward', () => {
  test('between different parallelism is refused with both operators', () => {
    const error = refusal(
      graphOf([
        { ...IN, parallelism: 2 },
        { name: 'm', parallelism: 3, from: [{ node: 'in', via: 'forward' }] },
        { ...OUT, from: ['m'] },
      ]),
    );
    expect(error.code).toBe('FORWARD_PARALLELISM');
    expect(error.message).toContain("'m' (a map, job.ts:2:1) with parallelism 3");
    expect(error.message).toContain("'in' (a source, job.ts:1:1) with parallelism 2");
  });

  test('is accepted between equals, and an open edge between different ones', () => {
    validateStreamGraph(
      graphOf([
        { ...IN, parallelism: 2 },
        { name: 'm', parallelism: 2, from: [{ node: 'in', via: 'forward' }] },
        { ...OUT, parallelism: 3, from: ['m'] },
      ]),
    );
  });
});

describe('side outputs', () => {
  function reading(spec: OperatorSpec, tag: string): StreamGraph {
    const from =
      spec.kind.startsWith('co') || spec.kind === 'keyedCoProcess'
        ? ['in', { node: 'in', input: 1 as const }]
        : ['in'];
    return graphOf([IN, { name: 'x', spec, from }, { ...OUT, from: [{ node: 'x', tag }] }]);
  }

  test.each([
    ['map', MAP],
    ['filter', FILTER],
    ['flatMap', FLAT_MAP],
    ['keyed reduce', KEYED_REDUCE],
    ['watermark assigner', WATERMARK_ASSIGNER],
    ['co-map', CO_MAP],
    ['co-flatMap', CO_FLAT_MAP],
  ] as const)('of a %s are refused', (label, spec) => {
    const error = refusal(reading(spec, 'errors'));
    expect(error.code).toBe('SIDE_OUTPUT_UNKNOWN');
    expect(error.message).toContain("'errors'");
    expect(error.message).toContain(`a ${label}`);
    expect(error.message).toContain('job.ts:2:1');
    expect(error.message).toContain('job.ts:3:1');
  });

  test('of a source are refused', () => {
    const error = refusal(graphOf([IN, { ...OUT, from: [{ node: 'in', tag: 't' }] }]));
    expect(error.code).toBe('SIDE_OUTPUT_UNKNOWN');
  });

  test.each([
    ['process function', PROCESS],
    ['co-process function', CO_PROCESS],
    ['keyed process function', KEYED_PROCESS],
    ['keyed co-process function', KEYED_CO_PROCESS],
    ['window with a window function', processWindow()],
    ['window with that late tag', reduceWindow({ lateTagId: 'errors' })],
  ] as const)('of a %s are accepted', (_, spec) => {
    validateStreamGraph(reading(spec, 'errors'));
  });

  test('of a window without a window function are refused, and its late tag is named', () => {
    expect(refusal(reading(reduceWindow(), 'late')).message).toContain('sideOutputLateData');
    expect(refusal(reading(reduceWindow({ lateTagId: 'too-late' }), 'late')).message).toContain("'too-late'");
  });
});

describe('sinks', () => {
  test('a job without one is refused with the operator that nobody reads', () => {
    const error = refusal(graphOf([IN, { name: 'm', from: ['in'] }]));
    expect(error.code).toBe('JOB_WITHOUT_SINK');
    expect(error.message).toContain("'m' (a map, job.ts:2:1)");
  });

  test('an empty job is refused', () => {
    const error = refusal(graphOf([]));
    expect(error.code).toBe('JOB_WITHOUT_SINK');
    expect(error.message).toContain("Job 'sketch' is empty");
  });
});

describe('parallelism', () => {
  test.each([0, -1, 1.5, Number.NaN, 32_769])('%d is refused', (parallelism) => {
    const error = refusal(
      graphOf([
        { ...IN, parallelism },
        { ...OUT, from: ['in'] },
      ]),
    );
    expect(error.code).toBe('PARALLELISM_INVALID');
    expect(error.message).toContain(`parallelism ${parallelism}`);
    expect(error.message).toContain('job.ts:1:1');
  });

  test('above the max parallelism of the operator or of the job is refused', () => {
    const own = refusal(
      graphOf([
        { ...IN, parallelism: 4, maxParallelism: 3 },
        { ...OUT, from: ['in'] },
      ]),
    );
    expect(own.message).toContain('above its max parallelism 3');
    const job = graphOf(
      [
        { ...IN, parallelism: 4 },
        { ...OUT, from: ['in'] },
      ],
      { maxParallelism: 2 },
    );
    expect(refusal(job).message).toContain('above its max parallelism 2');
  });

  test('a max parallelism that is no count is refused, on an operator and on the job', () => {
    const own = refusal(
      graphOf([
        { ...IN, maxParallelism: 0 },
        { ...OUT, from: ['in'] },
      ]),
    );
    expect(own.message).toContain('max parallelism 0');
    const job = refusal(graphOf([IN, { ...OUT, from: ['in'] }], { maxParallelism: 0.5 }));
    expect(job.message).toContain("The job's max parallelism is 0.5");
  });

  test('above what the source can use is refused', () => {
    const graph = graphOf([
      { name: 'in', spec: source({ maxParallelism: 1 }), parallelism: 2 },
      { ...OUT, from: ['in'] },
    ]);
    expect(refusal(graph).message).toContain('can use at most 1');
  });

  test('of a windowAll other than 1 is refused', () => {
    const all = { name: 'all', spec: reduceWindow({ allWindows: true }), parallelism: 2, from: ['in'] };
    const error = refusal(graphOf([IN, all, { ...OUT, from: ['all'] }]));
    expect(error.code).toBe('PARALLELISM_INVALID');
    expect(error.message).toContain('windowAll');
  });
});

test('several problems come in one error with the code of the first', () => {
  const error = refusal(
    graphOf([
      { ...IN, uid: null },
      { name: 'sum', spec: KEYED_REDUCE, uid: null, from: ['in'] },
      { name: 'late', from: [{ node: 'sum', tag: 'late' }] },
    ]),
  );
  expect(error.code).toBe('UID_MISSING');
  expect(error.message.split('\n')).toHaveLength(5);
  expect(error.message).toMatch(/^Job 'sketch' has 4 problems:\n- Operator 'in'/);
});
