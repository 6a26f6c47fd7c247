/**
 * Packs the lines of its input as the producer library does: prints `{ "record": Base64, "apart": … }`,
 * the second as this project takes it apart again. A process of its own, as a function is: the test runner
 * loads the packages of the library in other forms than Node does.
 */
import { text } from 'node:stream/consumers';
import aggregation from 'aws-kinesis-agg';
import { takeApart } from '../../lib/connectors/kinesis/kpl-aggregate.ts';

const lines: readonly string[] = JSON.parse(await text(process.stdin));
const records = lines.map((line, i) => ({ partitionKey: `key-${i}`, data: Buffer.from(line) }));

function print(bytes: Uint8Array): void {
  const apart = takeApart({ sequenceNumber: '49', bytes, arrivedAt: 5 });
  const shown = apart.map((record) => ({ ...record, bytes: Buffer.from(record.bytes).toString('base64') }));
  console.log(JSON.stringify({ record: Buffer.from(bytes).toString('base64'), apart: shown }));
}

aggregation.aggregate(
  records,
  ({ data }, next) => {
    print(Buffer.from(data));
    next();
  },
  () => undefined,
  (error) => {
    throw error;
  },
);
