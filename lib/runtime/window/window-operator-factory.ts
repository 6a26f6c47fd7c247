import type { WindowSpec } from '../../graph/operator-spec.ts';
import type { Operator, OperatorContext } from '../operator.ts';
import { createContentsFunctions } from './contents-factory.ts';
import { SliceWindowOperator, sliceFoldOf } from './slice-window-operator.ts';
import { WindowOperator } from './window-operator.ts';

/**
 * The operator for a window: slices for aligned tumbling and sliding event-time windows with the default
 * trigger whose contents can be merged, the generic operator for everything else. Both give the same results.
 * Slices are all in memory, so state in a table takes the generic operator.
 *
 * The choice depends on the spec and the state backend alone, because the state of one cannot be restored
 * into the other.
 */
export function createWindowOperator(spec: WindowSpec, context: OperatorContext): Operator {
  const functions = createContentsFunctions(spec);
  const { slicing } = spec.assigner;
  const inMemory = context.keyedRows === undefined;
  if (inMemory && slicing !== undefined && spec.trigger === undefined && spec.evictor === undefined) {
    const fold = sliceFoldOf(spec, slicing, functions);
    if (fold !== undefined) return new SliceWindowOperator(spec, context, { slicing, functions, fold });
  }
  return new WindowOperator(spec, context, functions);
}
