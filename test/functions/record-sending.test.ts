import { KinesisClient } from '@aws-sdk/client-kinesis';
import { expect, it } from 'vitest';
import { sendRecords } from '../../lib/connectors/kinesis/record-sending.ts';
import { type Answer, clientOf, scriptedService } from '../scripted-service.ts';

const sent = { SequenceNumber: '1', ShardId: 'shardId-000000000000' };
const refused = { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'slow down' };

/** Partition keys of the records of each request, and what was thrown. */
async function requestsFor(answers: readonly Answer[], keys: readonly string[]) {
  const service = await scriptedService(answers);
  const client = new KinesisClient({ ...clientOf(service), maxAttempts: 1 });
  try {
    const entries = keys.map((PartitionKey) => ({ PartitionKey, Data: Buffer.from(PartitionKey) }));
    const sending = sendRecords({ client, stream: 'in' }, entries);
    const thrown = await sending.catch((error: unknown) => error);
    const requests = service.requests.map(({ body }) => {
      // What the client sends.
      const { Records } = JSON.parse(body) as { readonly Records: readonly { PartitionKey: string }[] };
      return Records.map(({ PartitionKey }) => PartitionKey);
    });
    return { thrown, requests };
  } finally {
    client.destroy();
    await service.close();
  }
}

it('records that a stream refuses are sent again, the others are not', async () => {
  const answers = [
    { status: 200, body: { FailedRecordCount: 1, Records: [sent, refused, sent] } },
    { status: 200, body: { FailedRecordCount: 0, Records: [sent] } },
  ];
  const { thrown, requests } = await requestsFor(answers, ['a', 'b', 'c']);
  expect(thrown).toBeUndefined();
  expect(requests).toEqual([['a', 'b', 'c'], ['b']]);
});

it('records that are refused again and again are reported', async () => {
  const answers = [{ status: 200, body: { FailedRecordCount: 1, Records: [refused] } }];
  const { thrown } = await requestsFor(answers, ['a']);
  expect(thrown).toMatchObject({ code: 'IO_FAILED', message: expect.stringContaining('slow down') });
});
