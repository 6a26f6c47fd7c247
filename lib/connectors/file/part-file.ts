import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isStreamError, UserError } from '../../core/errors.ts';
import { fileError } from './file-error.ts';
import type { PartEncoder } from './part-encoder.ts';

/** A finished part that nobody sees yet: it becomes visible by getting its name. */
export interface FileCommittable {
  readonly inProgressPath: string;
  readonly path: string;
}

/** Names of visible parts. */
export const PART_NAME = /^part-\d+-\d+\.(ndjson|csv|parquet)$/;
/** Names of parts that are being written. */
export const IN_PROGRESS_NAME = /^\.part-\d+-\d+\.(ndjson|csv|parquet)\.inprogress$/;

/** One part file while it is written. The file exists from the first bytes on, hidden. */
export class PartFile<T> {
  /** Bytes taken but not written, about. */
  pendingBytes = 0;
  records = 0;
  readonly openedAtMs: number;
  readonly committable: FileCommittable;
  private readonly encoder: PartEncoder<T>;
  private created = false;
  private writtenBytes = 0;
  private failure: Error | undefined;

  constructor(
    place: { readonly folder: string; readonly name: string },
    encoder: PartEncoder<T>,
    openedAtMs: number,
  ) {
    const path = join(place.folder, place.name);
    this.committable = { path, inProgressPath: join(place.folder, `.${place.name}.inprogress`) };
    this.encoder = encoder;
    this.openedAtMs = openedAtMs;
  }

  /** Size of the part so far, about. */
  get bytes(): number {
    return this.writtenBytes + this.pendingBytes;
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
    if (this.created) rmSync(this.committable.inProgressPath, { force: true });
  }

  /** A part that failed once has a hole: it fails for ever, so that it is never committed. */
  private append(data: string | Uint8Array): void {
    if (this.failure !== undefined) throw this.failure;
    const { inProgressPath } = this.committable;
    try {
      if (!this.created) this.create();
      if (data.length > 0) this.extend(data);
    } catch (thrown) {
      this.failure = isStreamError(thrown) ? thrown : fileError(thrown, 'write', inProgressPath);
      throw this.failure;
    }
    this.writtenBytes += typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    this.pendingBytes = 0;
  }

  /** The file must be the one that was created, with what was written: another run could have removed it. */
  private extend(data: string | Uint8Array): void {
    const { inProgressPath } = this.committable;
    if (!existsSync(inProgressPath)) throw this.lost();
    const descriptor = openSync(inProgressPath, constants.O_WRONLY | constants.O_APPEND);
    try {
      if (fstatSync(descriptor).size !== this.writtenBytes) throw this.lost();
      writeFileSync(descriptor, data);
    } finally {
      closeSync(descriptor);
    }
  }

  private lost(): UserError {
    const { inProgressPath } = this.committable;
    return new UserError(
      'SINK_INVALID',
      `${inProgressPath} was removed or changed while it was written, perhaps by another run into the same ` +
        'folder. Nothing of it is published: give each run a folder of its own and run the job again.',
      { context: { location: inProgressPath } },
    );
  }

  /** Two sinks that write to one folder must not overwrite each other. */
  private create(): void {
    const { inProgressPath, path } = this.committable;
    mkdirSync(dirname(inProgressPath), { recursive: true });
    if (existsSync(inProgressPath)) throw this.taken();
    writeFileSync(inProgressPath, '', { flag: 'wx' });
    this.created = true;
    // Looked for now, and not before: until here the other sink could have committed.
    if (existsSync(path)) throw this.taken();
  }

  private taken(): UserError {
    const { path } = this.committable;
    return new UserError(
      'SINK_INVALID',
      `${path} is written by another sink or another run. Give each sink a folder of its own.`,
      { context: { location: path } },
    );
  }
}
