import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { callAws } from '../../core/aws-failure.ts';
import { UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

/** An object that was found. */
export interface FoundObject {
  readonly name: string;
  readonly bytes: number;
  /** Identifies its content. */
  readonly etag: string;
}

/**
 * The objects under a prefix, in the order of their names; folders and what is empty are left out. Throws
 * UserError SOURCE_INVALID if there are more than LIMITS.filesMax.
 */
export async function listObjects(
  client: S3Client,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
): Promise<readonly FoundObject[]> {
  const found: FoundObject[] = [];
  let token: string | undefined;
  do {
    const page = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token });
    const answer = await callAws(`The listing of s3://${bucket}/${prefix}`, () => client.send(page));
    for (const { Key, Size = 0, ETag = '' } of answer.Contents ?? []) {
      if (Key !== undefined && !Key.endsWith('/')) found.push({ name: Key, bytes: Size, etag: ETag });
    }
    if (found.length > LIMITS.filesMax) throw tooMany(`s3://${bucket}/${prefix}`);
    token = answer.NextContinuationToken;
  } while (token !== undefined);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function tooMany(location: string): UserError {
  return new UserError(
    'SOURCE_INVALID',
    `More than ${LIMITS.filesMax} objects are under ${location}, the most that a source reads. Use fewer, ` +
      'larger objects, or a prefix below it; objects that were read may be removed.',
    { context: { location } },
  );
}
