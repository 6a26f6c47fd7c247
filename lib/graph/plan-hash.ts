import { createHash } from 'node:crypto';
import type { StreamGraph } from './stream-graph.ts';
import { structureOf } from './structure.ts';

/** SHA-256, in hex, of a graph's structure: equal for two builds of the same job with the same settings. */
export function planHashOf(graph: StreamGraph): string {
  return createHash('sha256')
    .update(JSON.stringify(structureOf(graph)))
    .digest('hex');
}
