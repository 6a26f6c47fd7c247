import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { FileSink } from '../../../../lib/connectors/file/file-sink.ts';
import { SqsSink } from '../../../../lib/connectors/sqs/sqs-sink.ts';
import {
  type Answer,
  clientOf,
  type ScriptedService,
  scriptedService,
} from '../../../e2e/adapters/scripted-service.ts';
import { commit, LINES, sink, written } from '../message/sunk.ts';

let service: ScriptedService;
afterEach(() => service.close());

interface Failed {
  readonly id: number;
  readonly senderFault: boolean;
}

function taken(count: number, failed: readonly Failed[] = []): Answer {
  const Failed = failed.map(({ id, senderFault }) => ({
    ...{ Id: `${id}`, Code: 'Bad', Message: 'not now', SenderFault: senderFault },
  }));
  const Successful = Array.from({ length: count }, (_, i) => i)
    .filter((i) => !failed.some(({ id }) => id === i))
    .map((i) => ({ Id: `${i}`, MessageId: `m${i}` }));
  return { status: 200, body: { Successful, Failed } };
}

async function sinkTo(answers: readonly Answer[], queue = 'out'): Promise<SqsSink<unknown>> {
  service = await scriptedService(answers);
  const client = new SQSClient({ ...clientOf(service), md5: false });
  return new SqsSink(LINES.spec, { queueUrl: `${service.endpoint}/1/${queue}`, client: async () => client });
}

interface Entry {
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

function sent(): readonly (readonly Entry[])[] {
  return service.requests.map(({ body }) => JSON.parse(body).Entries);
}

const records = (count: number) => Array.from({ length: count }, (_, i) => ({ i }));

describe('an SQS sink', () => {
  it('sends ten messages a request, when the commit is there', async () => {
    const target = await sinkTo([taken(10), taken(10), taken(3)]);
    const runtime = await target.load();
    const requests = await written(runtime, records(23));
    expect(service.requests).toEqual([]);
    await commit(runtime, requests);
    expect(sent().map((entries) => entries.length)).toEqual([10, 10, 3]);
    const bodies = sent().flatMap((entries) => entries.map(({ MessageBody }) => JSON.parse(MessageBody)));
    expect(bodies).toEqual(records(23));
  });

  it('keeps a request within 256 KiB', async () => {
    const target = await sinkTo([taken(2), taken(1)]);
    await sink(
      target,
      Array.from({ length: 3 }, () => ({ text: 'x'.repeat(100_000) })),
    );
    expect(sent().map((entries) => entries.length)).toEqual([2, 1]);
  });

  it('sends again what the queue could not take', async () => {
    const target = await sinkTo([taken(3, [{ id: 1, senderFault: false }]), taken(1)]);
    await sink(target, records(3));
    expect(sent().map((entries) => entries.map(({ MessageBody }) => JSON.parse(MessageBody).i))).toEqual([
      [0, 1, 2],
      [1],
    ]);
  });

  it('says at once what the queue will never take', async () => {
    const target = await sinkTo([taken(2, [{ id: 0, senderFault: true }])]);
    await expect(sink(target, records(2))).rejects.toMatchObject({
      code: 'AWS_REFUSED',
      message: expect.stringContaining('Bad not now'),
    });
    expect(service.requests).toHaveLength(1);
  });

  it('names the messages of a FIFO queue the same in every attempt', async () => {
    const target = await sinkTo([taken(2)], 'out.fifo');
    const runtime = await target.load();
    const requests = await written(runtime, records(2));
    await commit(runtime, requests);
    await commit(runtime, requests);
    const [first, second] = sent();
    expect(new Set(first?.map((entry) => entry.MessageDeduplicationId)).size).toBe(2);
    expect(first?.map((entry) => entry.MessageGroupId)).toEqual(['0', '0']);
    expect(second).toEqual(first);
  });

  it.each([
    ['control characters', 'a\u0001b'],
    ['no text', ''],
  ])('refuses a message with %s', async (_, text) => {
    service = await scriptedService([taken(1)]);
    const client = new SQSClient(clientOf(service));
    const csv = FileSink.csv<{ readonly text: string }>('out', { columns: ['text'] });
    const target = new SqsSink(csv.spec, { queueUrl: `${service.endpoint}/1/q`, client: async () => client });
    const runtime = await target.load();
    await expect(written(runtime, [{ text }])).rejects.toMatchObject({ code: 'RECORD_INVALID' });
  });

  it('refuses a message over 256 KiB when it is written', async () => {
    const target = await sinkTo([taken(1)]);
    await expect(sink(target, [{ text: 'x'.repeat(256 << 10) }])).rejects.toMatchObject({
      code: 'RECORD_TOO_LONG',
    });
  });

  it('is not made of Parquet', async () => {
    service = await scriptedService([taken(1)]);
    const client = new SQSClient(clientOf(service));
    const parquet = FileSink.parquet<{ readonly a: string }>('out', {
      columns: [{ name: 'a', type: 'STRING' }],
    });
    const target = new SqsSink(parquet.spec, { queueUrl: 'q', client: async () => client });
    await expect(target.load()).rejects.toMatchObject({ code: 'BINDING_INVALID' });
  });
});
