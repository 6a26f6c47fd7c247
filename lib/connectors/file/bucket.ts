import { unwritable } from './unwritable-field.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be in a name.
const FORBIDDEN = /[\u0000-\u001f\\]/;

/**
 * A bucket as a path below the folder of the sink. Throws RecordError RECORD_INVALID if it would lead
 * elsewhere.
 */
export function checkedBucket(bucket: unknown, sink: string): string {
  if (bucket === '') return '';
  if (typeof bucket === 'string' && !FORBIDDEN.test(bucket) && bucket.split('/').every(isFolderName))
    return bucket;
  throw unwritable(sink, '', {
    what: `its bucket is ${JSON.stringify(bucket)}, which is no path below the folder of the sink`,
    advice:
      'Let the bucket function answer names that are not hidden, separated by "/", for example "2024-01-31".',
  });
}

function isFolderName(name: string): boolean {
  return name !== '' && !name.startsWith('.') && name.length <= 255;
}
