import { join } from 'node:path';
import type { SinkWriter } from '../../core/connector.ts';
import { LIMITS } from '../../core/limits.ts';
import { checkedBucket } from './bucket.ts';
import type { PartFormat } from './part-encoder.ts';
import { type FileCommittable, PartFile } from './part-file.ts';

/** When a part is closed and a new one begun. */
export interface RollingLimits {
  readonly maxPartBytes: number;
  /** Age since the first record; infinite if age does not matter. */
  readonly rolloverIntervalMs: number;
}

/** What a writer needs to know. */
export interface FileSinkWriterOptions<T> {
  readonly folder: string;
  readonly subtask: number;
  readonly format: PartFormat<T>;
  readonly rolling: RollingLimits;
  readonly bucket: ((value: T, timestamp: number) => string) | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/**
 * Writes the records of one subtask to part files, one at a time for each bucket.
 *
 * A part is hidden until it is committed. `prepareCommit` hands out the parts that are closed: by their
 * size, by their age, or all of them at the end of the input.
 */
export class FileSinkWriter<T> implements SinkWriter<T, FileCommittable> {
  private readonly options: FileSinkWriterOptions<T>;
  /** Open parts by bucket, the longest open one first. */
  private readonly parts = new Map<string, PartFile<T>>();
  private closed: PartFile<T>[] = [];
  private counter = 0;
  private waitingBytes = 0;

  constructor(options: FileSinkWriterOptions<T>) {
    this.options = options;
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
    const committables = this.closed.map((part) => part.committable);
    this.closed = [];
    return committables;
  }

  async close(): Promise<void> {
    for (const part of [...this.parts.values(), ...this.closed]) part.remove();
    this.parts.clear();
    this.closed = [];
  }

  private newPart(bucket: string): PartFile<T> {
    const { folder, subtask, format, clock } = this.options;
    const name = `part-${subtask}-${this.counter}.${format.kind}`;
    return new PartFile({ folder: join(folder, bucket), name }, format.createEncoder(), clock());
  }

  /** A part counts from its first record on: a record that cannot be written leaves no empty file. */
  private keep(bucket: string, part: PartFile<T>): void {
    if (this.parts.has(bucket)) return;
    const [oldest] = this.parts;
    if (this.parts.size >= LIMITS.openBucketsMax && oldest !== undefined) this.roll(...oldest);
    this.parts.set(bucket, part);
    this.counter += 1;
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
}
