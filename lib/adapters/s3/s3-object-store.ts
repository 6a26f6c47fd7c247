/**
 * Objects in an S3 bucket, under a prefix.
 *
 * 1. A name is written once: `If-None-Match: *`.
 * 2. Reads follow writes (S3 is strongly consistent); a name that was deleted reads as missing.
 */
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { callAws, isFailedCondition } from '../../core/aws-failure.ts';
import { RetryableError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';

export interface S3StoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Put before every name. @default none */
  readonly prefix?: string;
}

export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor({ client, bucket, prefix = '' }: S3StoreOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async put(name: string, bytes: Uint8Array): Promise<boolean> {
    const put = new PutObjectCommand({ ...this.#place(name), Body: bytes, IfNoneMatch: '*' });
    return callAws(`The write of object ${name}`, async () => {
      try {
        await this.#client.send(put);
        return true;
      } catch (error) {
        if (isFailedCondition(error)) return false;
        throw error;
      }
    });
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const get = new GetObjectCommand(this.#place(name));
    return callAws(`The read of object ${name}`, async () => {
      try {
        const { Body } = await this.#client.send(get);
        return Body === undefined ? new Uint8Array() : new Uint8Array(await Body.transformToByteArray());
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    });
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    let token: string | undefined;
    do {
      const list = new ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: this.#prefix + prefix,
        ContinuationToken: token,
      });
      const page = await callAws(`The list of objects ${prefix}`, () => this.#client.send(list));
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        const name = Key.slice(this.#prefix.length);
        yield { name, bytes: Size, storedAt: LastModified?.getTime() ?? 0 };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async delete(names: readonly string[]): Promise<void> {
    for (let i = 0; i < names.length; i += LIMITS.deletedNamesMax) {
      const Objects = names
        .slice(i, i + LIMITS.deletedNamesMax)
        .map((name) => ({ Key: this.#prefix + name }));
      const request = new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } });
      const { Errors = [] } = await callAws('The deletion of objects', () => this.#client.send(request));
      const [first] = Errors;
      if (first === undefined) continue;
      throw new RetryableError(
        'IO_FAILED',
        `${Errors.length} objects are not deleted, the first ${first.Key}: ${first.Code} ${first.Message}`,
      );
    }
  }

  #place(name: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + name };
  }
}
