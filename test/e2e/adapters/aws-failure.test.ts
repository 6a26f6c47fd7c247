import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { describe, expect, it } from 'vitest';
import { DynamoDbJobRecords } from '../../../lib/adapters/dynamodb/dynamodb-job-records.ts';
import { DynamoDbSubtaskLog } from '../../../lib/adapters/dynamodb/dynamodb-subtask-log.ts';
import { KinesisStreamTransport } from '../../../lib/adapters/kinesis/kinesis-stream-transport.ts';
import { isStreamError } from '../../../lib/core/errors.ts';
import { LIMITS } from '../../../lib/core/limits.ts';
import { logItem, subtask } from '../../contract/log-samples.ts';
import { type Answer, clientOf, failure, scriptedService } from '../../scripted-service.ts';

/** What reading a record says when the service answers so, and how many requests it took. */
async function readOf(answer: Answer) {
  const service = await scriptedService([answer]);
  const client = new DynamoDBClient(clientOf(service));
  try {
    const records = new DynamoDbJobRecords({ client, table: 'jobs', job: 'job' });
    const error: unknown = await records.get('run/1').catch((thrown: unknown) => thrown);
    const code = isStreamError(error) ? error.code : undefined;
    return { code, text: String(error), requests: service.requests.length };
  } finally {
    client.destroy();
    await service.close();
  }
}

describe('failures of AWS calls', () => {
  it.each([
    [400, 'AccessDeniedException', 'AWS_ACCESS_DENIED'],
    [400, 'KMSAccessDeniedException', 'AWS_ACCESS_DENIED'],
    [400, 'ResourceNotFoundException', 'AWS_RESOURCE_MISSING'],
    [400, 'ValidationException', 'AWS_REFUSED'],
  ])('%i %s cannot pass: %s, after one request', async (status, name, code) => {
    const outcome = await readOf(failure(status, name));
    expect(outcome).toMatchObject({ code, requests: 1 });
    expect(outcome.text).toContain(`The read of record run/1 failed: ${name}: says ${name}`);
  });

  it.each([
    [400, 'ThrottlingException'],
    [400, 'ProvisionedThroughputExceededException'],
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailable'],
  ])('%i %s may pass: IO_FAILED, after the bounded attempts of the client', async (status, name) => {
    const outcome = await readOf(failure(status, name));
    expect(outcome).toMatchObject({ code: 'IO_FAILED', requests: LIMITS.awsAttemptsMax });
  });

  it('an append whose answer is lost has an unknown outcome: IO_FAILED', async () => {
    const service = await scriptedService(['hang']);
    const options = {
      ...clientOf(service),
      maxAttempts: 1,
      requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
    };
    const client = new DynamoDBClient(options);
    const log = new DynamoDbSubtaskLog({ client, table: 'log', ringSize: 8 });
    await expect(log.append(subtask(), logItem(1))).rejects.toMatchObject({ code: 'IO_FAILED' });
    expect(service.requests).toHaveLength(1);
    await service.close();
    client.destroy();
  });

  it('an address that nobody serves is IO_FAILED', async () => {
    const service = await scriptedService([]);
    const client = new KinesisClient(clientOf(service));
    await service.close();
    const transport = new KinesisStreamTransport({ client, streams: { a: { name: 's', shards: 1 } } });
    const send = transport.send([{ run: 'r', target: 'a/0', bytes: Uint8Array.of(1) }]);
    await expect(send).rejects.toMatchObject({ code: 'IO_FAILED' });
    client.destroy();
  });
});

describe('awsClientOptions', () => {
  it('a connection is kept from one request to the next', async () => {
    const service = await scriptedService([{ status: 200, body: {} }]);
    const client = new DynamoDBClient(clientOf(service));
    const records = new DynamoDbJobRecords({ client, table: 'jobs', job: 'job' });
    for (let i = 0; i < 3; i++) expect(await records.get('k')).toBeUndefined();
    expect(service.requests.map(({ headers }) => headers.connection)).toEqual(Array(3).fill('keep-alive'));
    client.destroy();
    await service.close();
  });
});
