/** Savepoint: reads the state in a savepoint, as the reader of Flink's State Processor API does. */
import { FolderSavepointStore } from '../adapters/folder/folder-savepoint-store.ts';
import { UserError } from '../core/errors.ts';
import { entriesOf, type KeyedEntry } from './keyed-entries.ts';
import { readManifest, readSubtask, type SavepointLocation } from './read-savepoint.ts';
import type {
  SavepointManifest,
  SavepointOperator,
  SourcePosition,
  StateDescription,
} from './savepoint-manifest.ts';

/** A part of operator state. */
export interface OperatorEntry {
  /** Name of the state within the operator. */
  readonly state: string;
  readonly part: string;
  readonly value: unknown;
}

/** A savepoint that is there to be read. */
export class Savepoint {
  /** Path of the folder, as it was given. */
  readonly path: string;
  readonly #location: SavepointLocation;
  readonly #manifest: SavepointManifest;

  private constructor(location: SavepointLocation, manifest: SavepointManifest) {
    this.path = location.where;
    this.#location = location;
    this.#manifest = manifest;
  }

  /**
   * Opens the savepoint in `folder`; its objects are read, and checked, when they are asked for.
   *
   * Throws UserError SAVEPOINT_NOT_FOUND, STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED.
   */
  static async load(folder: string): Promise<Savepoint> {
    const location = { store: new FolderSavepointStore(folder), where: folder };
    return new Savepoint(location, await readManifest(location));
  }

  /** Name of the job. */
  get job(): string {
    return this.#manifest.job;
  }

  /** Unit: ms since the epoch. */
  get createdAt(): number {
    return this.#manifest.createdAt;
  }

  /** Of the first vertex; undefined if there is none. */
  get maxParallelism(): number | undefined {
    return this.#manifest.vertices[0]?.maxParallelism;
  }

  get operators(): readonly SavepointOperator[] {
    return this.#manifest.vertices.flatMap(({ operators }) => operators);
  }

  /** Where sources go on, in words. */
  get sources(): readonly SourcePosition[] {
    return this.#manifest.sources;
  }

  /** The keyed states. */
  get states(): readonly StateDescription[] {
    return this.#manifest.states;
  }

  /**
   * The entries of a keyed state, subtask by subtask: at a time one of them is in memory.
   *
   * Throws UserError ARGUMENT_INVALID if there is no such state, STATE_CORRUPT.
   */
  async *readKeyedState<K = unknown, V = unknown>(
    uid: string,
    state: string,
  ): AsyncGenerator<KeyedEntry<K, V>> {
    this.#requireState(uid, state);
    for await (const { deltas, maxParallelism } of this.#subtasksOf(uid)) {
      const own = deltas.filter(({ operator }) => operator === uid).flatMap(({ keyed }) => keyed);
      for (const delta of own) {
        // What the job has put there: nobody else knows its type.
        if (delta.name === state) yield* entriesOf(delta, maxParallelism) as Iterable<KeyedEntry<K, V>>;
      }
    }
  }

  /**
   * The state of an operator that belongs to no key: positions of a source, parts of a sink, broadcast state.
   *
   * Throws UserError ARGUMENT_INVALID if there is no such operator, STATE_CORRUPT.
   */
  async *readOperatorState(uid: string): AsyncGenerator<OperatorEntry> {
    this.#requireOperator(uid);
    for await (const { deltas } of this.#subtasksOf(uid)) {
      for (const { states } of deltas.filter(({ operator }) => operator === uid)) {
        for (const { name, changes } of states) {
          for (const change of changes) {
            if (change.op === 'put') yield { state: name, part: change.part, value: change.value };
          }
        }
      }
    }
  }

  async *#subtasksOf(uid: string) {
    for (const { maxParallelism, operators, subtasks } of this.#manifest.vertices) {
      if (!operators.some(({ id }) => id === uid)) continue;
      for (const subtask of subtasks) {
        const image = await readSubtask(subtask, this.#location);
        yield { deltas: image.deltas(), maxParallelism };
      }
    }
  }

  #requireOperator(uid: string): void {
    if (this.operators.some(({ id }) => id === uid)) return;
    const known = this.operators.map(({ id }) => id).join(', ');
    throw new UserError('ARGUMENT_INVALID', `${this.path} has no operator '${uid}', but ${known}.`);
  }

  #requireState(uid: string, state: string): void {
    this.#requireOperator(uid);
    const own = this.states.filter(({ operator }) => operator === uid).map(({ name }) => name);
    if (own.includes(state)) return;
    const known = own.length === 0 ? 'no keyed state at all' : `the keyed states ${own.join(', ')}`;
    throw new UserError(
      'ARGUMENT_INVALID',
      `Operator '${uid}' has no keyed state '${state}': it has ${known}.`,
    );
  }
}
