/** Records of the streams of DynamoDB tables as lines of JSON. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { PushedRecord } from '../../core/connector.ts';

/** A record of such a stream, as Lambda delivers it. */
interface TableRecord {
  readonly eventName?: string;
  readonly dynamodb?: { readonly Keys?: Image; readonly NewImage?: Image; readonly OldImage?: Image };
}

/** Binary values are Base64 instead of bytes. */
type Image = Record<string, AttributeValue>;

/**
 * Makes of the JSON of a record `{ "eventName": "INSERT" | "MODIFY" | "REMOVE", "keys": …, "newImage": …,
 * "oldImage": … }`; the view type of the stream says which images there are. Numbers that no JavaScript
 * number holds are text; sets are arrays, binary values are Base64.
 */
export function asChangeLine(record: PushedRecord): readonly PushedRecord[] {
  // Lambda has made it, and the function that got it has put it into JSON.
  const { eventName, dynamodb }: TableRecord = JSON.parse(Buffer.from(record.bytes).toString());
  const { Keys, NewImage, OldImage } = dynamodb ?? {};
  const change = {
    eventName,
    ...(Keys && { keys: plain(Keys) }),
    ...(NewImage && { newImage: plain(NewImage) }),
    ...(OldImage && { oldImage: plain(OldImage) }),
  };
  const bytes = Buffer.from(
    JSON.stringify(change, (_, value) => (value instanceof Set ? [...value] : value)),
  );
  return [{ ...record, bytes }];
}

function plain(image: Image): Readonly<Record<string, unknown>> {
  return unmarshall(image, { wrapNumbers: numberOf });
}

function numberOf(digits: string): number | string {
  const number = Number(digits);
  return String(number) === digits || Number.isSafeInteger(number) ? number : digits;
}
