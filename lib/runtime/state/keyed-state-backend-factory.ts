import type { OperatorContext } from '../operator.ts';
import { HeapKeyedStateBackend } from './heap-keyed-state-backend.ts';
import type { KeyedStateBackend } from './keyed-state-backend.ts';
import { TableKeyedStateBackend } from './table-keyed-state-backend.ts';

/** The keyed state of an operator: in a table if its context has one, in memory if not. */
export function createKeyedStateBackend(context: OperatorContext): KeyedStateBackend {
  const { operatorName: operatorLabel, journal, freezeState: freeze, trackChanges, keyedRows } = context;
  if (keyedRows === undefined) {
    return new HeapKeyedStateBackend({ operatorLabel, journal, freeze, trackChanges });
  }
  return new TableKeyedStateBackend({ operatorLabel, journal, freeze }, keyedRows);
}
