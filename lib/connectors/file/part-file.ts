import { dirname } from 'node:path';
import { isStreamError, UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { fileError } from './file-error.ts';
import type { PartEncoder } from './part-encoder.ts';
import type { PartFiles } from './part-files.ts';
import { hiddenPath, visiblePath } from './part-name.ts';

/** Where a part lies. */
export interface PartPlace {
  readonly files: PartFiles;
  /** Folder of the sink. */
  readonly folder: string;
  /** Path below that folder, for example `2024-01-31/part-0-7.ndjson`. */
  readonly part: string;
}

/** How far a part had come when it was last committed. */
export interface PartProgress {
  /** Bytes of the file that count. */
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly openedAtMs: number;
  /** Of its encoder. */
  readonly encoder: unknown;
}

/** Rows that wait in the encoder of a part and that the state of the sink holds as one. */
interface RowChunk {
  readonly id: string;
  readonly rows: number;
  /** How often its rows were joined to larger chunks; infinite for chunks that are left as they are. */
  readonly level: number;
}

/**
 * One part file while it is written. The file exists from the first bytes on, hidden.
 *
 * 1  Bytes are only appended; a part that failed once fails for ever, so that no hole is ever committed.
 * 2  The file is the one that was created and has just the bytes that were written: checked at each append.
 * 3  `chunks` cover the first waiting rows of the encoder, in order; they are gone once the rows are written.
 */
export class PartFile<T> {
  /** Bytes taken but not written, about. */
  pendingBytes = 0;
  records = 0;
  readonly part: string;
  readonly openedAtMs: number;
  /** Bytes in the file. */
  length = 0;
  /** The name of the file is not known to be on the device. */
  nameWaits = false;
  private readonly files: PartFiles;
  private readonly path: string;
  private readonly hidden: string;
  private readonly encoder: PartEncoder<T>;
  private created = false;
  private syncedLength = -1;
  private failure: Error | undefined;
  private chunks: RowChunk[] = [];

  constructor(place: PartPlace, encoder: PartEncoder<T>, openedAtMs: number) {
    this.files = place.files;
    this.part = place.part;
    this.path = visiblePath(place.folder, place.part);
    this.hidden = hiddenPath(place.folder, place.part);
    this.encoder = encoder;
    this.openedAtMs = openedAtMs;
  }

  /** Size of the part so far, about. */
  get bytes(): number {
    return this.length + this.pendingBytes;
  }

  /** Answers about how many bytes are now waiting more than before. */
  add(value: T): number {
    const before = this.pendingBytes;
    this.pendingBytes += this.encoder.add(value);
    this.records += 1;
    if (this.encoder.isFull()) this.write();
    return this.pendingBytes - before;
  }

  /** Writes what was taken. */
  write(): void {
    this.append(this.encoder.take(false));
  }

  /** Writes what was taken and the end of the file. */
  finish(): void {
    this.append(this.encoder.take(true));
  }

  remove(): void {
    if (this.created) this.files.remove(this.hidden);
  }

  /**
   * Goes on with the first `length` bytes of the file that an earlier attempt wrote; what is behind them was
   * never committed. Throws UserError SINK_INVALID if they are not there.
   */
  resume(length: number): void {
    try {
      const size = this.files.size(this.hidden);
      if (size === undefined || size < length) throw this.cut(size, length);
      if (size > length) this.files.truncate(this.hidden, length);
    } catch (thrown) {
      throw isStreamError(thrown) ? thrown : fileError(thrown, 'write', this.hidden);
    }
    this.created = true;
    this.length = length;
    this.syncedLength = length;
  }

  /** The bytes written are on the device when this resolves. */
  async sync(): Promise<void> {
    if (!this.created || this.syncedLength === this.length) return;
    const { length } = this;
    try {
      await this.files.sync(this.hidden);
    } catch (thrown) {
      // Whether the bytes will ever reach the device is unknown now, also if the next call succeeds.
      this.failure = fileError(thrown, 'write', this.hidden);
      throw this.failure;
    }
    this.syncedLength = length;
  }

  get progress(): PartProgress {
    const { length, openedAtMs, encoder } = this;
    return { length, openedAtMs, encoder: length === 0 ? undefined : encoder.buffer?.progress() };
  }

  /** There is a file with bytes of this part. */
  get hasFile(): boolean {
    return this.created;
  }

  /**
   * Makes the rows that came since the last call a chunk of the state; answers the ids of all chunks.
   * `nextNumber` gives each time a number that no chunk has had.
   */
  chunkIds(nextNumber: () => number): readonly string[] {
    const { buffer } = this.encoder;
    if (buffer === undefined) return [];
    const covered = this.chunks.reduce((sum, { rows }) => sum + rows, 0);
    if (buffer.rows > covered) this.pushChunk({ rows: buffer.rows - covered, level: 0 }, nextNumber);
    return this.chunks.map(({ id }) => id);
  }

  /** Chunks of a stream with few rows are joined, so that there are few and each row is rewritten seldom. */
  private pushChunk({ rows, level }: Omit<RowChunk, 'id'>, nextNumber: () => number): void {
    const { chunks } = this;
    chunks.push({ id: `${this.part}#${nextNumber()}`, rows, level });
    const last = chunks.slice(-LIMITS.fileRowChunksJoined);
    if (last.length < LIMITS.fileRowChunksJoined || last.some((chunk) => chunk.level !== level)) return;
    chunks.length -= last.length;
    const joined = last.reduce((sum, chunk) => sum + chunk.rows, 0);
    this.pushChunk({ rows: joined, level: level + 1 }, nextNumber);
  }

  /** The rows of one chunk. */
  rowsOf(id: string): unknown {
    let from = 0;
    for (const chunk of this.chunks) {
      if (chunk.id === id) return this.encoder.buffer?.slice(from, from + chunk.rows);
      from += chunk.rows;
    }
    return undefined;
  }

  /** Takes a chunk of the state of an earlier attempt; answers about how many bytes wait more than before. */
  addChunk(id: string, rows: unknown): number {
    const { buffer } = this.encoder;
    if (buffer === undefined) return 0;
    const before = buffer.rows;
    const bytes = buffer.append(rows);
    this.chunks.push({ id, rows: buffer.rows - before, level: Number.POSITIVE_INFINITY });
    this.pendingBytes += bytes;
    this.records += buffer.rows - before;
    return bytes;
  }

  private append(data: string | Uint8Array): void {
    if (this.failure !== undefined) throw this.failure;
    try {
      if (!this.created) this.create();
      if (data.length > 0 && !this.files.append(this.hidden, this.length, data)) throw this.lost();
    } catch (thrown) {
      this.failure = isStreamError(thrown) ? thrown : fileError(thrown, 'write', this.hidden);
      throw this.failure;
    }
    this.length += typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    this.pendingBytes = 0;
    this.chunks = [];
  }

  /** Two sinks that write to one folder must not overwrite each other. */
  private create(): void {
    const { files, hidden, path } = this;
    files.makeFolder(dirname(hidden));
    if (files.exists(hidden)) throw this.taken();
    files.create(hidden);
    this.created = true;
    this.nameWaits = true;
    // Looked for now, and not before: until here the other sink could have committed.
    if (files.exists(path)) throw this.taken();
  }

  private lost(): UserError {
    const { hidden } = this;
    return new UserError(
      'SINK_INVALID',
      `${hidden} was removed or changed while it was written, perhaps by another run into the same ` +
        'folder. Nothing of it is published: give each run a folder of its own and run the job again.',
      { context: { location: hidden } },
    );
  }

  private cut(size: number | undefined, length: number): UserError {
    const { hidden, path, files } = this;
    if (size === undefined && files.exists(path)) return this.published(length);
    const what = size === undefined ? 'is gone' : `has ${size} bytes`;
    return new UserError(
      'SINK_INVALID',
      `${hidden} ${what}, but the job has committed ${length} bytes of it and cannot write them again. ` +
        'Put the file back, or run the job from the beginning with another state folder and output folder.',
      { context: { location: hidden } },
    );
  }

  /** Only a later commit than that of the state can have published the part. */
  private published(length: number): UserError {
    const { path } = this;
    return new UserError(
      'SINK_INVALID',
      `${path} is published, but in the state of the job it is an open part of ${length} bytes: the state ` +
        'is older than the output. Somebody brought back an old copy of the state directory, or the end of ' +
        'its state.db-wal was damaged. Bring back state and output of one moment, or start over with ' +
        '--fresh --overwrite.',
      { context: { location: path } },
    );
  }

  private taken(): UserError {
    const { path } = this;
    return new UserError(
      'SINK_INVALID',
      `${path} is written by another sink or another run. Give each sink a folder of its own.`,
      { context: { location: path } },
    );
  }
}
