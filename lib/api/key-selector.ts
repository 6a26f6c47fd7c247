import type { Partitioner } from '../core/functions/basic-function.ts';
import type { EdgePartitioner, KeySelector } from '../graph/operator-spec.ts';
import { requirePlainFunction } from './user-function.ts';
import { userLocation } from './user-location.ts';

/** The selector with its types erased. Throws UserError FUNCTION_INVALID unless it is a plain function. */
export function keySelectorOf(selector: unknown, method: string): KeySelector {
  requirePlainFunction(selector, `the key selector of ${method}()`, placeOf(method));
  return selector;
}

/** The edge of partitionCustom. Throws UserError FUNCTION_INVALID unless both are plain functions. */
export function customPartitioner<K>(
  partitioner: Partitioner<K>,
  selector: (value: never) => K,
): EdgePartitioner {
  requirePlainFunction(partitioner, 'the partitioner of partitionCustom()', placeOf('partitionCustom'));
  return {
    kind: 'custom',
    // Only values that `selector` returns reach the partitioner.
    partitioner: partitioner as Partitioner<unknown>,
    keySelector: keySelectorOf(selector, 'partitionCustom'),
  };
}

function placeOf(method: string) {
  return { operatorName: method, location: userLocation() };
}
