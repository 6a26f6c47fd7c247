import { assertNever, InvariantError } from '../core/errors.ts';
import type { OperatorSpec } from '../graph/operator-spec.ts';
import type { Operator, OperatorContext } from './operator.ts';
import { CoFlatMapOperator } from './operators/co-flat-map-operator.ts';
import { CoMapOperator } from './operators/co-map-operator.ts';
import { CoProcessOperator } from './operators/co-process-operator.ts';
import { FilterOperator } from './operators/filter-operator.ts';
import { FlatMapOperator } from './operators/flat-map-operator.ts';
import { KeyedCoProcessOperator } from './operators/keyed-co-process-operator.ts';
import { KeyedProcessOperator } from './operators/keyed-process-operator.ts';
import { KeyedReduceOperator } from './operators/keyed-reduce-operator.ts';
import { MapOperator } from './operators/map-operator.ts';
import { ProcessOperator } from './operators/process-operator.ts';
import { TimestampsAndWatermarksOperator } from './operators/timestamps-and-watermarks-operator.ts';
import { createWindowOperator } from './window/window-operator-factory.ts';

/**
 * The operator that does what `spec` says, not yet opened. Sources and sinks are made by the task builder,
 * because they need a connector's code.
 */
export function createOperator(spec: OperatorSpec, context: OperatorContext): Operator {
  switch (spec.kind) {
    case 'map':
      return new MapOperator(spec, context);
    case 'filter':
      return new FilterOperator(spec, context);
    case 'flatMap':
      return new FlatMapOperator(spec, context);
    case 'process':
      return new ProcessOperator(spec, context);
    case 'keyedProcess':
      return new KeyedProcessOperator(spec, context);
    case 'keyedReduce':
      return new KeyedReduceOperator(spec, context);
    case 'coMap':
      return new CoMapOperator(spec, context);
    case 'coFlatMap':
      return new CoFlatMapOperator(spec, context);
    case 'coProcess':
      return new CoProcessOperator(spec, context);
    case 'keyedCoProcess':
      return new KeyedCoProcessOperator(spec, context);
    case 'timestampsAndWatermarks':
      return new TimestampsAndWatermarksOperator(spec, context);
    case 'window':
      return createWindowOperator(spec, context);
    case 'source':
    case 'sink':
      throw new InvariantError('INVARIANT', `A ${spec.kind} is made by the task builder.`);
    default:
      return assertNever(spec);
  }
}
