/** SavepointWriter: makes savepoints from data or from others, as that of Flink's State Processor API. */
import { resolve } from 'node:path';
import { FolderSavepointStore } from '../adapters/folder/folder-savepoint-store.ts';
import { UserError } from '../core/errors.ts';
import { defaultMaxParallelism } from '../core/key-groups.ts';
import type { KeyedStateDelta, OperatorDelta } from '../core/log/state-delta.ts';
import type { StateDescriptor } from '../core/state.ts';
import { StateImage } from '../protocol/state-image.ts';
import { changesOf } from './keyed-entries.ts';
import { readSavepoint } from './read-savepoint.ts';
import type { Savepoint } from './savepoint.ts';
import type { JobImage, VertexImage } from './savepoint-image.ts';
import { writeSavepoint } from './write-savepoint.ts';

/** What an operator is to begin with. */
export interface BootstrapState<K = unknown, V = unknown> {
  /** As the operator declares it. */
  readonly descriptor: StateDescriptor;
  /**
   * A value for each key: the value of a value or reducing state, the accumulator of an aggregating one, an
   * array for a list, a Map for a map. A key that comes again replaces what it had.
   */
  readonly entries: Iterable<readonly [K, V]> | AsyncIterable<readonly [K, V]>;
}

/** What a new savepoint is of. */
export interface NewSavepointOptions {
  /** Name of the job. */
  readonly job: string;
  /** That of the job that is to begin with it. @default that of a job of parallelism 1 */
  readonly maxParallelism?: number;
}

/** Steps are done in the order in which they are named, when `write` is called. */
export class SavepointWriter {
  readonly #maxParallelism: number;
  readonly #begin: () => Promise<JobImage>;
  readonly #steps: ((image: JobImage) => Promise<JobImage>)[] = [];

  private constructor(begin: () => Promise<JobImage>, maxParallelism = defaultMaxParallelism(1)) {
    this.#begin = begin;
    this.#maxParallelism = maxParallelism;
  }

  /** A savepoint without operators. */
  static newSavepoint({ job, maxParallelism }: NewSavepointOptions): SavepointWriter {
    return new SavepointWriter(async () => ({ job, vertices: [] }), maxParallelism);
  }

  /** A copy of another savepoint, which stays as it is. */
  static fromExistingSavepoint({ path, maxParallelism }: Savepoint): SavepointWriter {
    const location = { store: new FolderSavepointStore(path), where: path };
    return new SavepointWriter(() => readSavepoint(location), maxParallelism);
  }

  /**
   * Adds an operator with keyed state.
   *
   * `write` throws UserError ARGUMENT_INVALID if the operator is there already, KEY_INVALID or
   * STATE_VALUE_INVALID.
   */
  withOperator(uid: string, states: readonly BootstrapState[]): this {
    return this.#then(async (image) => {
      if (has(image, uid)) throw invalid(`Operator '${uid}' is there already: remove it first.`);
      const vertex = await newVertex(uid, { states, maxParallelism: this.#maxParallelism });
      return { ...image, vertices: [...image.vertices, vertex] };
    });
  }

  /** Removes the state of an operator. `write` throws UserError ARGUMENT_INVALID if there is none. */
  removeOperator(uid: string): this {
    return this.#then(async (image) => {
      requireOperator(image, uid);
      return changed(image, (id) => (id === uid ? undefined : id));
    });
  }

  /**
   * Gives the state of an operator to another uid. `write` throws UserError ARGUMENT_INVALID if there is no
   * such operator, or the new uid is taken.
   */
  changeOperatorIdentifier(from: string, to: string): this {
    return this.#then(async (image) => {
      requireOperator(image, from);
      if (has(image, to)) throw invalid(`Operator '${to}' is there already, and '${from}' cannot be it too.`);
      return changed(image, (id) => (id === from ? to : id));
    });
  }

  /**
   * Writes the savepoint into `folder`, which must not hold anything yet.
   *
   * Throws UserError ARGUMENT_INVALID, and what the steps say; RetryableError IO_FAILED.
   */
  async write(folder: string): Promise<void> {
    let image = await this.#begin();
    for (const step of this.#steps) image = await step(image);
    const store = new FolderSavepointStore(resolve(folder));
    await writeSavepoint(image, { store, where: folder, now: Date.now() });
  }

  #then(step: (image: JobImage) => Promise<JobImage>): this {
    this.#steps.push(step);
    return this;
  }
}

/** A vertex of one subtask, which owns all key groups. */
async function newVertex(
  uid: string,
  { states, maxParallelism }: { readonly states: readonly BootstrapState[]; readonly maxParallelism: number },
): Promise<VertexImage> {
  const image = new StateImage();
  for (const { descriptor, entries } of states) {
    const { name, kind } = descriptor;
    for await (const [key, value] of entries) {
      const changes = [{ op: 'clear', key, namespace: undefined } as const, ...changesOf(kind, key, value)];
      image.apply(keyedDelta(uid, { name, kind, changes }));
    }
  }
  const operators = [{ id: uid, kind: 'bootstrap', name: uid, connector: null }];
  return { id: uid, maxParallelism, operators, images: [image] };
}

function keyedDelta(operator: string, keyed: KeyedStateDelta): OperatorDelta {
  return {
    ...{ operator, keyed: [keyed], timers: [], states: [] },
    ...{ watermark: undefined, keyGroupWatermarks: undefined },
  };
}

/** The image with other ids of operators; an operator whose id is undefined is left out. */
function changed(image: JobImage, idOf: (id: string) => string | undefined): JobImage {
  const vertices = image.vertices.map(({ operators, images, ...vertex }) => ({
    ...vertex,
    operators: operators.flatMap((operator) => {
      const id = idOf(operator.id);
      return id === undefined ? [] : [{ ...operator, id }];
    }),
    images: images.map((old) => {
      const own = new StateImage();
      for (const delta of old.deltas()) {
        const operator = idOf(delta.operator);
        if (operator !== undefined) own.apply({ ...delta, operator });
      }
      return own;
    }),
  }));
  return { ...image, vertices: vertices.filter(({ operators }) => operators.length > 0) };
}

function has({ vertices }: JobImage, uid: string): boolean {
  return vertices.some(({ operators }) => operators.some(({ id }) => id === uid));
}

function requireOperator(image: JobImage, uid: string): void {
  if (has(image, uid)) return;
  const known = image.vertices.flatMap(({ operators }) => operators.map(({ id }) => id));
  throw invalid(`There is no operator '${uid}' but ${known.join(', ') || 'none at all'}.`);
}

function invalid(message: string): UserError {
  return new UserError('ARGUMENT_INVALID', message);
}
