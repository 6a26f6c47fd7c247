import type { KeySelector } from '../graph/operator-spec.ts';
import type {
  CoFlatMapArgument,
  CoMapArgument,
  CoProcessArgument,
  KeyedCoProcessArgument,
} from './function-arguments.ts';
import type { StreamKind, StreamOf } from './stream-kind.ts';
import type { NextOperator, SpecMaker, StreamOrigin } from './stream-origin.ts';
import {
  coFlatMapFunction,
  coMapFunction,
  coProcessFunction,
  keyedCoProcessFunction,
} from './user-function.ts';

/** What every pair of streams can do. Kind says which class of streams its operators make. */
abstract class PairOperations<A, B, Kind extends StreamKind> {
  protected readonly first: StreamOrigin;
  protected readonly second: StreamOrigin;

  constructor(first: StreamOrigin, second: StreamOrigin) {
    this.first = first;
    this.second = second;
  }

  /** The stream that an operator reading `first` makes. */
  protected abstract streamOf<R>(operator: NextOperator): StreamOf<Kind, R>;

  /** One record out for each record of either stream. */
  map<R>(fn: CoMapArgument<A, B, R>): StreamOf<Kind, R> {
    return this.operator('Co-Map', (place) => ({ kind: 'coMap', fn: coMapFunction(fn, place) }));
  }

  /** Any number of records out for each record of either stream. */
  flatMap<R>(fn: CoFlatMapArgument<A, B, R>): StreamOf<Kind, R> {
    return this.operator('Co-FlatMap', (place) => ({ kind: 'coFlatMap', fn: coFlatMapFunction(fn, place) }));
  }

  protected operator<R>(name: string, spec: SpecMaker): StreamOf<Kind, R> {
    return this.streamOf({ name, spec, second: this.second });
  }
}

/** What two connected streams can do. */
export abstract class ConnectedOperations<A, B, Kind extends StreamKind> extends PairOperations<A, B, Kind> {
  /** Low-level operation on both streams, without state and timers. */
  process<R>(fn: CoProcessArgument<A, B, R>): StreamOf<Kind, R> {
    return this.operator('Co-Process', (place) => ({ kind: 'coProcess', fn: coProcessFunction(fn, place) }));
  }
}

/** What two connected keyed streams can do. */
export abstract class KeyedConnectedOperations<K, A, B, Kind extends StreamKind> extends PairOperations<
  A,
  B,
  Kind
> {
  readonly #keySelectors: readonly [KeySelector, KeySelector];

  constructor(first: StreamOrigin, second: StreamOrigin, keySelectors: readonly [KeySelector, KeySelector]) {
    super(first, second);
    this.#keySelectors = keySelectors;
  }

  /** Low-level operation on both streams with the state and timers of their common key. */
  process<R>(fn: KeyedCoProcessArgument<K, A, B, R>): StreamOf<Kind, R> {
    const keySelectors = this.#keySelectors;
    return this.operator('Keyed Co-Process', (place) => ({
      kind: 'keyedCoProcess',
      keySelectors,
      fn: keyedCoProcessFunction(fn, place),
    }));
  }
}
