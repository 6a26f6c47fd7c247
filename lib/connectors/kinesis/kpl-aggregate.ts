/// <reference path="./kpl-deagg.d.ts" />
/** Records of the Kinesis Producer Library, which packs many into one. */
import deaggregation from 'aws-kinesis-agg/lib/kpl-deagg.js';
import type { PushedRecord } from '../../core/connector.ts';

const MAGIC = Buffer.from('f3899ac2', 'hex');

/**
 * The records that were packed into `record`, in order, as `sequenceNumber/subSequenceNumber`. One that is no
 * aggregate, or is a broken one, is returned as it is: its decoding says what is wrong.
 */
export function takeApart(record: PushedRecord): readonly PushedRecord[] {
  const { bytes, sequenceNumber, arrivedAt } = record;
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) return [record];
  const packed = {
    ...{ kinesisSchemaVersion: '1.0', partitionKey: '', sequenceNumber },
    approximateArrivalTimestamp: arrivedAt / 1000,
    data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  };
  let unpacked: readonly PushedRecord[] = [record];
  let broken = false;
  deaggregation.deaggregateSync(packed, true, (error, userRecords = []) => {
    // Called again after a record that could not be unpacked.
    broken ||= Boolean(error);
    unpacked = userRecords.map(({ data, subSequenceNumber }) => ({
      sequenceNumber: `${sequenceNumber}/${subSequenceNumber}`,
      bytes: Buffer.from(data, 'base64'),
      arrivedAt,
    }));
  });
  return broken ? [record] : unpacked;
}
