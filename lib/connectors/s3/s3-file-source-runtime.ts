import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  AnySourceRuntime,
  InputStatus,
  PolledReader,
  PolledReaderContext,
  ReaderOutput,
  SourceSplit,
  StateScope,
} from '../../core/connector.ts';
import { InvariantError, UserError } from '../../core/errors.ts';
import type { OperatorStateDelta } from '../../core/log/state-delta.ts';
import type { OpenSplit } from '../file/file-source-reader.ts';
import { loadOpener } from '../file/file-source-runtime.ts';
import type { FileSourceSpec } from '../file/file-source-spec.ts';
import { type FileSplit, newSplit } from '../file/file-split.ts';
import type { SplitReader } from '../file/split-reader.ts';
import { DiscoveryState } from './discovery-state.ts';
import { copyObject } from './object-copy.ts';
import { type FoundObject, listObjects } from './object-listing.ts';
import type { S3Objects } from './s3-file-source.ts';

/** An object with the position already reached. Plain data. */
interface ObjectSplit extends FileSplit {
  readonly bytes: number;
  readonly etag: string;
}

/** An object that was read to its end; remembered for as long as it is there. */
interface FinishedObject {
  readonly splitId: string;
  readonly finished: true;
}

type KnownObject = ObjectSplit | FinishedObject;

/** The code of an S3 file source; only the reader of its format is loaded. */
export async function createS3FileSourceRuntime<T>(
  spec: FileSourceSpec,
  objects: S3Objects,
): Promise<AnySourceRuntime<T>> {
  const open = await loadOpener<T>(spec);
  const refuse = (): never => {
    throw new InvariantError('INVARIANT', 'Objects of S3 are read only by a source that is polled.');
  };
  return {
    createEnumerator: refuse,
    createReader: refuse,
    createPolledReader: (context) => new ObjectReader(objects, context, open),
  };
}

/** The object being read. */
interface OpenObject<T> {
  readonly split: ObjectSplit;
  readonly copy: string;
  readonly reader: SplitReader<T>;
}

/** Reads the objects of one subtask one after another. */
class ObjectReader<T> implements PolledReader<T, SourceSplit> {
  readonly #objects: S3Objects;
  readonly #context: PolledReaderContext;
  readonly #open: OpenSplit<T>;
  readonly #discovery: DiscoveryState;
  /** By name, in the order of their names. */
  #known = new Map<string, KnownObject>();
  #current: OpenObject<T> | undefined;
  #bytesOfFinished = 0;

  constructor(objects: S3Objects, context: PolledReaderContext, open: OpenSplit<T>) {
    this.#objects = objects;
    this.#context = context;
    this.#open = open;
    this.#discovery = new DiscoveryState(context);
  }

  async start(): Promise<void> {}

  get hasSplits(): boolean {
    return this.#next() !== undefined;
  }

  get bytesRead(): number {
    if (this.#current === undefined) return this.#bytesOfFinished;
    const { split, reader } = this.#current;
    return this.#bytesOfFinished + reader.snapshot().offset - split.offset;
  }

  async discover(): Promise<void> {
    const { watch, client, bucket, prefix } = this.#objects;
    if (this.hasSplits || (this.#discovery.begun && !watch)) return;
    const found = await listObjects(await client(), { bucket, prefix });
    if (found.length === 0 && this.#known.size === 0 && !watch)
      throw nothingFound(`s3://${bucket}/${prefix}`);
    this.#discovery.begin();
    const own = found.filter(({ name }) => this.#context.owns(name));
    const fresh = own.filter(({ name }) => !this.#known.has(name)).map((object) => this.#splitOf(object));
    if (watch) this.#forgetAllBut(new Set(own.map(({ name }) => name)));
    this.addSplits(fresh);
  }

  /** What was removed after it was read never comes again; a bounded source lists once. */
  #forgetAllBut(names: ReadonlySet<string>): void {
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
  }

  addSplits(splits: readonly SourceSplit[]): void {
    // Splits of this source are made by this class.
    const known = [...this.#known.values(), ...(splits as readonly KnownObject[])];
    known.sort((a, b) => (a.splitId < b.splitId ? -1 : 1));
    this.#known = new Map(known.map((object) => [object.splitId, object]));
  }

  /** What is there is known by listing it. */
  notifyNoMoreSplits(): void {}

  /** Copies the next object, or waits for more of the one that is read. */
  async isAvailable(): Promise<void> {
    if (this.#current !== undefined) return this.#current.reader.isAvailable();
    const split = this.#next();
    if (split === undefined) return;
    const { client, bucket, folder } = this.#objects;
    const place = { client: await client(), bucket, folder: join(folder, `${this.#context.subtask}`) };
    const copy = await copyObject(place, { ...split, name: split.splitId });
    this.#current = { split, copy, reader: this.#open({ ...split, copy }) };
  }

  pollNext(output: ReaderOutput<T>, maxRecords: number): InputStatus {
    if (this.#current === undefined) {
      const over = !this.hasSplits && this.#discovery.begun && !this.#objects.watch;
      return over ? 'end-of-input' : 'nothing-available';
    }
    const { split, reader } = this.#current;
    const status = reader.read(output.forSplit(split.splitId), maxRecords);
    if (status === 'wait') return 'nothing-available';
    if (status === 'end') {
      this.#finishCurrent(this.#current);
      output.releaseSplit(split.splitId);
    }
    return 'more-available';
  }

  snapshotState(): readonly SourceSplit[] {
    const current = this.#current;
    if (current === undefined) return [...this.#known.values()];
    const { copy: _, ...split } = current.reader.snapshot();
    const moved: ObjectSplit = { ...current.split, ...split };
    return [...this.#known.values()].map((object) => (object.splitId === moved.splitId ? moved : object));
  }

  collectState(scope: StateScope): readonly OperatorStateDelta[] {
    return this.#discovery.collect(scope);
  }

  applyState(states: readonly OperatorStateDelta[]): void {
    this.#discovery.apply(states);
  }

  currentPosition(): string {
    return this.#current?.reader.currentPosition() ?? 'before the first record';
  }

  async close(): Promise<void> {
    await this.#current?.reader.close();
    this.#current = undefined;
  }

  #next(): ObjectSplit | undefined {
    for (const object of this.#known.values()) if (!('finished' in object)) return object;
    return undefined;
  }

  #splitOf({ name, bytes, etag }: FoundObject): ObjectSplit {
    return { ...newSplit(`s3://${this.#objects.bucket}/${name}`), splitId: name, bytes, etag };
  }

  #finishCurrent({ split, copy, reader }: OpenObject<T>): void {
    this.#bytesOfFinished = this.bytesRead;
    this.#current = undefined;
    this.#known.set(split.splitId, { splitId: split.splitId, finished: true });
    // A copy that was only read has no result that anybody could need.
    reader
      .close()
      .then(() => rm(copy, { force: true }))
      .catch(() => undefined);
  }
}

function nothingFound(location: string): UserError {
  return new UserError(
    'SOURCE_NOT_FOUND',
    `No object is under ${location}. Put the objects there before the job begins, check the prefix of the ` +
      'binding, or watch it to wait for objects.',
    { context: { location } },
  );
}
