/** The state of a local job as that of a savepoint, and back. */
import type { VertexLayout } from '../graph/state-layout.ts';
import type { GraphStructure } from '../graph/structure.ts';
import type { JobImage } from '../savepoint/savepoint-image.ts';
import { connectorsOf, type OperatorConnector, requireSameConnectors } from './connector-change.ts';
import {
  type FormerVertex,
  redistribute,
  type SubtaskShare,
  savepointOrigin,
} from './state-redistribution.ts';

/** A savepoint that a job begins with. */
export interface RestoredSavepoint {
  /** As the user wrote it. */
  readonly path: string;
  readonly image: JobImage;
}

export function jobImageOf(structure: GraphStructure, former: readonly FormerVertex[]): JobImage {
  const connectors = new Map(
    connectorsOf(structure).map(({ connector }, id) => [structure.nodes[id]?.uid ?? `#${id}`, connector]),
  );
  return {
    job: structure.jobName,
    vertices: former.map(({ layout, images }) => ({
      id: layout.id,
      maxParallelism: layout.maxParallelism,
      operators: layout.operators.map((operator) => ({
        ...operator,
        connector: connectors.get(operator.id) ?? null,
      })),
      images,
    })),
  };
}

/**
 * What each subtask of a job begins with.
 *
 * Throws UserError STATE_NOT_RESTORED or STATE_INCOMPATIBLE.
 */
export function sharesOfSavepoint(
  { path, image }: RestoredSavepoint,
  options: {
    readonly structure: GraphStructure;
    readonly layout: readonly VertexLayout[];
    readonly allowNonRestored: boolean;
  },
): readonly SubtaskShare[] {
  const { structure, layout, allowNonRestored } = options;
  const origin = savepointOrigin(path);
  requireSameConnectors(operatorsOf(image), connectorsOf(structure), origin);
  return redistribute(formerVertices(image), layout, { allowNonRestored, origin });
}

function formerVertices({ vertices }: JobImage): readonly FormerVertex[] {
  return vertices.map(({ id, maxParallelism, operators, images }) => ({
    layout: { id, maxParallelism, parallelism: images.length, operators },
    images,
  }));
}

function operatorsOf({ vertices }: JobImage): readonly OperatorConnector[] {
  return vertices.flatMap(({ operators }) =>
    operators.map(({ id, ...operator }) => ({ ...operator, uid: id })),
  );
}
