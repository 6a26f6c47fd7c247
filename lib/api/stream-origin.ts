import type { Sink } from '../core/connector.ts';
import { UserError } from '../core/errors.ts';
import type { OutputTag } from '../core/output-tag.ts';
import type { EdgePartitioner, OperatorSpec } from '../graph/operator-spec.ts';
import {
  edgesFrom,
  type GraphBuilder,
  mainOutput,
  type OperatorDraft,
  type Upstream,
} from './graph-builder.ts';
import type { FunctionPlace } from './user-function.ts';
import { userLocation } from './user-location.ts';

/** Makes the spec of an operator, given the place that messages about its functions name. */
export type SpecMaker = (place: FunctionPlace) => OperatorSpec;

/** An operator to be added. */
export interface NextOperator {
  readonly name: string;
  readonly spec: SpecMaker;
  readonly uid?: string;
  /** The stream at the second input. */
  readonly second?: StreamOrigin;
  readonly parallelism?: number;
  readonly maxParallelism?: number;
}

/** Where the records of a stream come from: outputs of operators, several after a union. Immutable. */
export class StreamOrigin {
  readonly builder: GraphBuilder;
  readonly #upstreams: readonly Upstream[];

  constructor(builder: GraphBuilder, upstreams: readonly Upstream[]) {
    this.builder = builder;
    this.#upstreams = upstreams;
  }

  /** Adds an operator that reads this stream. */
  add({ second, ...start }: NextOperator): OperatorDraft {
    if (second !== undefined) this.#requireSameEnvironment(second);
    const inputs = [
      ...edgesFrom(this.#upstreams, 0),
      ...(second === undefined ? [] : edgesFrom(second.#upstreams, 1)),
    ];
    return this.builder.add({ ...start, inputs: Object.freeze(inputs) });
  }

  /** Adds a sink that reads this stream. */
  sink(name: string, sink: Sink<unknown>, uid?: string): OperatorDraft {
    return this.add({ name, spec: () => ({ kind: 'sink', sink }), ...(uid === undefined ? {} : { uid }) });
  }

  outputOf(draft: OperatorDraft): StreamOrigin {
    return new StreamOrigin(this.builder, [mainOutput(draft)]);
  }

  /** The same records, travelling to the next operator in another way. */
  partitioned(partitioner: EdgePartitioner): StreamOrigin {
    const frozen = Object.freeze(partitioner);
    return new StreamOrigin(
      this.builder,
      this.#upstreams.map((upstream) => ({ ...upstream, partitioner: frozen })),
    );
  }

  /** A side output of the operator whose main output this is. */
  sideOutput(tag: OutputTag<unknown>): StreamOrigin {
    const id = tagIdOf(tag, 'getSideOutput');
    return new StreamOrigin(
      this.builder,
      this.#upstreams.map((upstream) => ({ ...upstream, sideOutputId: id })),
    );
  }

  union(others: readonly StreamOrigin[]): StreamOrigin {
    for (const other of others) this.#requireSameEnvironment(other);
    return new StreamOrigin(
      this.builder,
      [this, ...others].flatMap((origin) => origin.#upstreams),
    );
  }

  #requireSameEnvironment(other: StreamOrigin): void {
    if (other.builder === this.builder) return;
    throw new UserError(
      'GRAPH_INVALID',
      `The streams that meet at ${userLocation()} belong to two environments; make both from one \`env\`.`,
    );
  }
}

/** Id of a tag. Throws UserError OUTPUT_TAG_INVALID if it is none. */
export function tagIdOf(tag: OutputTag<unknown>, method: string): string {
  const id: unknown = (tag as OutputTag<unknown> | undefined)?.id;
  if (typeof id === 'string' && id !== '') return id;
  throw new UserError(
    'OUTPUT_TAG_INVALID',
    `${method}() at ${userLocation()} needs a tag, ` +
      "the `new OutputTag('…')` to which the operator writes.",
  );
}
