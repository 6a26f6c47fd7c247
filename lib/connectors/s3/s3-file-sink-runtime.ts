import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { callAws, isFailedCondition } from '../../core/aws-failure.ts';
import type { CommitRequest, Committer, SinkRuntime, SinkWriter } from '../../core/connector.ts';
import { checkedBucket } from '../file/bucket.ts';
import { loadFormat } from '../file/file-sink-runtime.ts';
import type { FileSinkSpec } from '../file/file-sink-spec.ts';
import type { PartEncoder, PartFormat } from '../file/part-encoder.ts';
import type { S3Place } from './s3-file-sink.ts';

/** The content of an object. Plain data. */
export interface ObjectCommittable {
  /** Bucket of the file sink; '' is none. */
  readonly bucket: string;
  /** Extension. */
  readonly kind: string;
  readonly bytes: Uint8Array;
}

/** The code of an S3 file sink; only its format is loaded. */
export async function createS3FileSinkRuntime<T>(
  spec: FileSinkSpec<T>,
  place: S3Place,
): Promise<SinkRuntime<T, ObjectCommittable>> {
  const format = await loadFormat<T>(spec);
  return {
    createWriter: async () => new ObjectWriter(spec, format),
    createCommitter: async () => new ObjectCommitter(await place.client(), place),
  };
}

/** Keeps the rows of one commit. */
class ObjectWriter<T> implements SinkWriter<T, ObjectCommittable> {
  readonly #spec: FileSinkSpec<T>;
  readonly #format: PartFormat<T>;
  readonly #parts = new Map<string, PartEncoder<T>>();

  constructor(spec: FileSinkSpec<T>, format: PartFormat<T>) {
    this.#spec = spec;
    this.#format = format;
  }

  write(value: T, timestamp: number): void {
    const { bucket, folder } = this.#spec;
    const name = bucket === undefined ? '' : checkedBucket(bucket(value, timestamp), folder);
    const known = this.#parts.get(name);
    const part = known ?? this.#format.createEncoder();
    part.add(value);
    // A record that cannot be written leaves no empty object.
    if (known === undefined) this.#parts.set(name, part);
  }

  /** Nothing leaves the writer before a commit. */
  pendingBytes(): number {
    return 0;
  }

  async flush(): Promise<void> {}

  async prepareCommit(): Promise<readonly ObjectCommittable[]> {
    const { kind } = this.#format;
    const committables = [...this.#parts].map(([bucket, part]) => {
      const taken = part.take(true);
      const bytes = typeof taken === 'string' ? Buffer.from(taken) : taken;
      return { bucket, kind, bytes: new Uint8Array(bytes) };
    });
    this.#parts.clear();
    return committables;
  }

  async close(): Promise<void> {
    this.#parts.clear();
  }
}

/** Writes objects under names that follow from their ids. */
class ObjectCommitter implements Committer<ObjectCommittable> {
  readonly #client: S3Client;
  readonly #place: S3Place;

  constructor(client: S3Client, place: S3Place) {
    this.#client = client;
    this.#place = place;
  }

  async commit(requests: readonly CommitRequest<ObjectCommittable>[]): Promise<void> {
    for (const { id, committable } of requests) {
      const { bucket, kind, bytes } = committable;
      const { subtask, lineage, version, index } = id;
      const folder = bucket === '' ? '' : `${bucket}/`;
      await this.#put(`${folder}part-${subtask}-${lineage}-${version}-${index}.${kind}`, bytes);
    }
  }

  async #put(name: string, bytes: Uint8Array): Promise<void> {
    const { bucket: Bucket, prefix } = this.#place;
    const put = new PutObjectCommand({ Bucket, Key: prefix + name, Body: bytes, IfNoneMatch: '*' });
    await callAws(`The write of s3://${Bucket}/${prefix}${name}`, async () => {
      try {
        await this.#client.send(put);
      } catch (error) {
        // An attempt before has written it.
        if (!isFailedCondition(error)) throw error;
      }
    });
  }
}
