import type { S3Client } from '@aws-sdk/client-s3';
import type { AnySourceRuntime, Source } from '../../core/connector.ts';
import type { FileSourceSpec } from '../file/file-source-spec.ts';

/** Which objects are read. */
export interface S3Objects {
  readonly bucket: string;
  /** The objects whose names begin like this. */
  readonly prefix: string;
  /** Also those that appear later, until the job is stopped. */
  readonly watch: boolean;
  /** Where copies go, one folder for each subtask below it. */
  readonly folder: string;
  readonly client: () => Promise<S3Client>;
}

/**
 * Reads the objects under a prefix as the files of a file source, each one once and from its beginning to its
 * end, in the order of their names. An object belongs to one subtask.
 *
 * An object is read from a copy on the disk of the function: all formats and compressions of files are read,
 * and the largest object is what fits on that disk. One that changes while it is read fails the job.
 *
 * Throws UserError SOURCE_NOT_FOUND if a bounded source finds no object at all.
 */
export class S3FileSource<T> implements Source<T> {
  readonly connector = 's3';
  readonly description: string;
  readonly boundedness: 'bounded' | 'continuous-unbounded';
  readonly polled = true;
  readonly #spec: FileSourceSpec;
  readonly #objects: S3Objects;

  constructor(spec: FileSourceSpec, objects: S3Objects) {
    this.#spec = spec;
    this.#objects = objects;
    this.description = `${spec.format.kind} s3://${objects.bucket}/${objects.prefix}`;
    this.boundedness = objects.watch ? 'continuous-unbounded' : 'bounded';
  }

  async load(): Promise<AnySourceRuntime<T>> {
    const { createS3FileSourceRuntime } = await import('./s3-file-source-runtime.ts');
    return createS3FileSourceRuntime<T>(this.#spec, this.#objects);
  }
}
