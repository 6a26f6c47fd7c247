/**
 * Copies of objects on the local disk, one at a time.
 *
 * 1. A copy has its name only when it is complete.
 * 2. It is of the content that was listed: an object that has changed since is refused.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { callAws, isFailedCondition } from '../../core/aws-failure.ts';
import { InvariantError, UserError } from '../../core/errors.ts';
import type { FoundObject } from './object-listing.ts';

export interface ObjectCopyOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** For one reader alone: what lies there from before is removed. */
  readonly folder: string;
}

/**
 * The path of the copy of an object, made anew unless it is there.
 *
 * Throws UserError SOURCE_INVALID if the object does not fit on the disk, has changed or is gone.
 */
export async function copyObject(
  { client, bucket, folder }: ObjectCopyOptions,
  { name, bytes, etag }: FoundObject,
): Promise<string> {
  const location = `s3://${bucket}/${name}`;
  const hash = createHash('sha256').update(`${location}\n${etag}`).digest('hex').slice(0, 16);
  const path = join(folder, `${hash}-${name.slice(name.lastIndexOf('/') + 1).slice(-100)}`);
  if ((await stat(path).catch(() => undefined))?.size === bytes) return path;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await requireRoom(folder, { bytes, location });
  const partial = `${path}.partial`;
  const get = new GetObjectCommand({ Bucket: bucket, Key: name, IfMatch: etag });
  const unchanged = await callAws(`The read of ${location}`, async () => {
    try {
      const { Body } = await client.send(get);
      if (!(Body instanceof Readable))
        throw new InvariantError('INVARIANT', `${location} came without a body.`);
      await pipeline(Body, createWriteStream(partial));
      return true;
    } catch (error) {
      await rm(partial, { force: true });
      if (error instanceof NoSuchKey || isFailedCondition(error)) return false;
      throw error;
    }
  });
  if (!unchanged) throw changed(location);
  await rename(partial, path);
  return path;
}

async function requireRoom(
  folder: string,
  { bytes, location }: { readonly bytes: number; readonly location: string },
): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (bytes <= free) return;
  throw new UserError(
    'SOURCE_INVALID',
    `${location} has ${bytes} bytes and the function has ${free} left on its disk. Write smaller objects, ` +
      'or give the job more ephemeralStorage.',
    { context: { location } },
  );
}

function changed(location: string): UserError {
  return new UserError(
    'SOURCE_INVALID',
    `${location} was removed or replaced before it was read to its end. Write every object once under a ` +
      'name of its own, and put the former object back.',
    { context: { location } },
  );
}
