/**
 * FileSinkWriter: writes the records of one subtask to part files, one open part for each bucket.
 *
 * 1  A part is hidden until it is committed. `prepareCommit` hands out the parts that are closed: by their
 *    size, by their age, or all of them at the end of the input.
 * 2  When `prepareCommit` resolves, the closed parts are on the device, and in a durable job also the bytes
 *    and names of the open ones, as far as the state will speak of them.
 * 3  A restored part goes on where the state says; what an attempt wrote behind that is cut off.
 */
import { join } from 'node:path';
import type { SinkWriter, StateScope } from '../../core/connector.ts';
import { UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { OperatorStateDelta } from '../../core/log/state-delta.ts';
import { checkedBucket } from './bucket.ts';
import { fileError } from './file-error.ts';
import { OpenPartsState, type StoredPart } from './open-parts-state.ts';
import type { PartFormat } from './part-encoder.ts';
import { PartFile } from './part-file.ts';
import type { PartFiles } from './part-files.ts';
import { bucketOf, type FileCommittable, foldersAbove, hiddenPath, partOf } from './part-name.ts';

/** When a part is closed and a new one begun. */
export interface RollingLimits {
  readonly maxPartBytes: number;
  /** Age since the first record; infinite if age does not matter. */
  readonly rolloverIntervalMs: number;
}

/** What a writer needs to know. */
export interface FileSinkWriterOptions<T> {
  readonly files: PartFiles;
  readonly folder: string;
  readonly subtask: number;
  readonly durable: boolean;
  readonly format: PartFormat<T>;
  readonly rolling: RollingLimits;
  readonly bucket: ((value: T, timestamp: number) => string) | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export class FileSinkWriter<T> implements SinkWriter<T, FileCommittable> {
  readonly subtask: number;
  private readonly options: FileSinkWriterOptions<T>;
  private readonly state: OpenPartsState<T>;
  /** Open parts by bucket, the longest open one first. */
  private readonly parts = new Map<string, PartFile<T>>();
  private closed: PartFile<T>[] = [];
  /** Folders whose own names are on the device. */
  private readonly syncedFolders = new Set<string>();
  private number = 0;
  private waitingBytes = 0;

  constructor(options: FileSinkWriterOptions<T>) {
    this.options = options;
    this.subtask = options.subtask;
    this.state = new OpenPartsState(options.subtask, options.format);
  }

  /** No part of this writer, committed or not, has this number or a higher one. */
  get nextNumber(): number {
    return this.number;
  }

  /** Hidden files that belong to this writer. */
  get hiddenPaths(): readonly string[] {
    const { folder } = this.options;
    const files = [...this.parts.values(), ...this.closed].filter((part) => part.hasFile);
    return files.map(({ part }) => hiddenPath(folder, part));
  }

  write(value: T, timestamp: number): void {
    const { folder, bucket, format, rolling } = this.options;
    const name = bucket === undefined ? '' : checkedBucket(bucket(value, timestamp), folder);
    const part = this.parts.get(name) ?? this.newPart(name);
    this.waitingBytes += part.add(value);
    if (part.records === 1) this.keep(name, part);
    if (part.bytes >= rolling.maxPartBytes) this.roll(name, part);
    else if (this.waitingBytes >= format.bufferBytesMax) this.writeAll();
  }

  pendingBytes(): number {
    return this.options.format.writesAnyTime ? this.waitingBytes : 0;
  }

  async flush(endOfInput: boolean): Promise<void> {
    if (endOfInput || this.options.format.writesAnyTime) this.writeAll();
  }

  async prepareCommit(endOfInput: boolean): Promise<readonly FileCommittable[]> {
    const bornBeforeMs = this.options.clock() - this.options.rolling.rolloverIntervalMs;
    for (const [bucket, part] of this.parts) {
      if (endOfInput || part.openedAtMs <= bornBeforeMs) this.roll(bucket, part);
    }
    await this.sync(this.options.durable ? [...this.parts.values(), ...this.closed] : this.closed);
    const committables = this.closed.map(({ part }) => ({ part }));
    this.closed = [];
    return committables;
  }

  collectState(scope: StateScope): readonly OperatorStateDelta[] {
    return this.state.collect(scope, { parts: this.parts.values(), nextNumber: this.number });
  }

  applyState(states: readonly OperatorStateDelta[]): void {
    const { parts, chunks, nextNumber } = this.state.apply(states);
    this.number = nextNumber;
    for (const [part, stored] of parts) this.restorePart(part, stored);
    for (const [id, rows] of chunks) this.restoreChunk(id, { rows, stored: parts.get(partOf(id)) });
  }

  async close(): Promise<void> {
    if (!this.options.durable) {
      for (const part of [...this.parts.values(), ...this.closed]) part.remove();
    }
    this.parts.clear();
    this.closed = [];
  }

  private newPart(bucket: string): PartFile<T> {
    const { subtask, format, clock } = this.options;
    const name = `part-${subtask}-${this.number}.${format.kind}`;
    const part = bucket === '' ? name : `${bucket}/${name}`;
    return new PartFile({ ...this.options, part }, format.createEncoder(), clock());
  }

  /** A part counts from its first record on: a record that cannot be written leaves no empty file. */
  private keep(bucket: string, part: PartFile<T>): void {
    if (this.parts.has(bucket)) return;
    const [oldest] = this.parts;
    if (this.parts.size >= LIMITS.openBucketsMax && oldest !== undefined) this.roll(...oldest);
    this.parts.set(bucket, part);
    this.number += 1;
  }

  private roll(bucket: string, part: PartFile<T>): void {
    this.waitingBytes -= part.pendingBytes;
    part.finish();
    this.parts.delete(bucket);
    this.closed.push(part);
  }

  private writeAll(): void {
    for (const part of this.parts.values()) {
      if (part.pendingBytes > 0) part.write();
    }
    this.waitingBytes = 0;
  }

  /** A part that cannot be gone on with, because there is another one or the columns changed, is closed. */
  private restorePart(name: string, stored: StoredPart): void {
    const { format, folder } = this.options;
    if (stored.kind !== format.kind) {
      throw incompatible(folder, `has unfinished ${stored.kind} parts, but it writes ${format.kind} now`);
    }
    // It begins anew with its rows.
    if (stored.length === 0) return;
    const encoder = format.createEncoder({ progress: stored.encoder });
    const part = new PartFile({ ...this.options, part: name }, encoder, stored.openedAtMs);
    part.resume(stored.length);
    const bucket = bucketOf(name);
    if (stored.layout === format.layout && !this.parts.has(bucket)) this.parts.set(bucket, part);
    else {
      part.finish();
      this.closed.push(part);
    }
  }

  /** Rows go to the open part of their bucket, whichever that is; `stored` is theirs if it came here. */
  private restoreChunk(
    id: string,
    { rows, stored }: { readonly rows: unknown; readonly stored: StoredPart | undefined },
  ): void {
    const { format, folder } = this.options;
    // The values were converted for the columns of then.
    if (stored !== undefined && stored.layout !== format.layout) {
      throw incompatible(folder, 'has rows that wait to be written, but its columns are others now');
    }
    const bucket = bucketOf(partOf(id));
    let part = this.parts.get(bucket);
    if (part === undefined && stored?.length === 0) {
      const place = { ...this.options, part: partOf(id) };
      part = new PartFile(place, format.createEncoder(), stored.openedAtMs);
      this.parts.set(bucket, part);
    } else if (part === undefined) {
      part = this.newPart(bucket);
      this.keep(bucket, part);
    }
    this.waitingBytes += part.addChunk(id, rows);
  }

  private async sync(parts: readonly PartFile<T>[]): Promise<void> {
    const waiting = [...parts];
    const worker = async () => {
      for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await part.sync();
    };
    await Promise.all(Array.from({ length: LIMITS.fileSyncsMax }, worker));
    const named = parts.filter((part) => part.nameWaits);
    for (const folder of this.foldersOf(named)) await this.syncFolder(folder);
    for (const part of named) part.nameWaits = false;
  }

  /** Folders that hold the files of `parts`, and those above them that were not synced yet. */
  private foldersOf(parts: readonly PartFile<T>[]): ReadonlySet<string> {
    const folders = new Set<string>();
    for (const { part } of parts) {
      const [own, ...above] = foldersAbove(join('.', part));
      folders.add(join(this.options.folder, own ?? ''));
      for (const folder of above.filter((path) => !this.syncedFolders.has(path))) {
        folders.add(join(this.options.folder, folder));
        this.syncedFolders.add(folder);
      }
    }
    return folders;
  }

  private async syncFolder(path: string): Promise<void> {
    try {
      await this.options.files.syncFolder(path);
    } catch (thrown) {
      throw fileError(thrown, 'write', path);
    }
  }
}

function incompatible(folder: string, what: string): UserError {
  return new UserError(
    'STATE_INCOMPATIBLE',
    `The sink ${folder} ${what}. Give the sink of the new format a folder and a uid of its own.`,
    { context: { location: folder } },
  );
}
