/** Random StreamGraphs for properties. */
import fc from 'fast-check';
import type { EdgePartitioner } from '../../../lib/graph/operator-spec.ts';
import type { StreamGraph } from '../../../lib/graph/stream-graph.ts';
import { graphOf, source } from './graph-sketch.ts';

const OPEN_OR_CHOSEN: readonly EdgePartitioner['kind'][] = [
  'auto',
  'auto',
  'auto',
  'hash',
  'rebalance',
  'rescale',
  'shuffle',
  'broadcast',
  'global',
  'custom',
];

const node = fc.record({
  parallelism: fc.oneof(fc.constant(1), fc.constant(1), fc.integer({ min: 1, max: 7 })),
  maxParallelism: fc.option(fc.integer({ min: 7, max: 300 }), { nil: undefined }),
  inputs: fc.array(fc.record({ pick: fc.nat(), via: fc.constantFrom(...OPEN_OR_CHOSEN) }), { maxLength: 3 }),
  chaining: fc.constantFrom('always', 'always', 'head', 'never'),
});

/** Graphs of up to 14 operators without sinks: each reads up to three of those before it. */
export const randomGraph: fc.Arbitrary<StreamGraph> = fc
  .array(node, { minLength: 1, maxLength: 14 })
  .map((nodes) =>
    graphOf(
      nodes.map(({ parallelism, maxParallelism, inputs, chaining }, id) => {
        const from = id === 0 ? [] : inputs.map(({ pick, via }) => ({ node: `o${pick % id}`, via }));
        return {
          name: `o${id}`,
          parallelism,
          ...(maxParallelism === undefined ? {} : { maxParallelism }),
          chaining,
          from,
          ...(from.length === 0 ? { spec: source() } : {}),
        };
      }),
    ),
  );
