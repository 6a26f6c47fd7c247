import type { S3Client } from '@aws-sdk/client-s3';
import type { AnySinkRuntime, Sink } from '../../core/connector.ts';
import type { FileSinkSpec } from '../file/file-sink-spec.ts';

/** Where the objects go. */
export interface S3Place {
  readonly bucket: string;
  /** Put before every name. */
  readonly prefix: string;
  readonly client: () => Promise<S3Client>;
}

/**
 * Writes the files of a file sink as objects of S3, exactly once: an object for each bucket of each commit,
 * `<prefix><bucket>/part-<subtask>-<lineage>-<version>-<index>.<format>`.
 *
 * The content of an object is in the log before the object is written, and its name follows from its place in
 * the log: an attempt that is repeated writes the same object, and S3 refuses to write it twice.
 */
export class S3FileSink<T> implements Sink<T> {
  readonly connector = 's3';
  readonly description: string;
  readonly #spec: FileSinkSpec<T>;
  readonly #place: S3Place;

  constructor(spec: FileSinkSpec<T>, place: S3Place) {
    this.#spec = spec;
    this.#place = place;
    this.description = `${spec.format.kind} s3://${place.bucket}/${place.prefix}`;
  }

  async load(): Promise<AnySinkRuntime<T>> {
    const { createS3FileSinkRuntime } = await import('./s3-file-sink-runtime.ts');
    return createS3FileSinkRuntime(this.#spec, this.#place);
  }
}
