import { hash } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { FileSink } from '../../../../lib/connectors/file/file-sink.ts';
import { SqsSink } from '../../../../lib/connectors/sqs/sqs-sink.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import { type Answer, failure, type Script, type ServedRequest } from '../../../scripted-service.ts';
import { commit, loggedCommit, writeTo } from '../../../sink-commits.ts';
import { served } from '../served-client.ts';

interface Row {
  readonly name: string;
}

interface SentMessage {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

const KIB = 1 << 10;
const QUEUE = 'https://sqs.us-east-1.amazonaws.com/000000000000/rows';

function sentIn({ body }: ServedRequest): readonly SentMessage[] {
  // What the client of the SDK sends.
  return (JSON.parse(body) as { readonly Entries: readonly SentMessage[] }).Entries;
}

function linesIn(request: ServedRequest): readonly string[] {
  return sentIn(request).map(({ MessageBody }) => MessageBody);
}

interface Fault {
  readonly Code: string;
  readonly SenderFault: boolean;
}

const BUSY: Fault = { Code: 'InternalError', SenderFault: false };

/** Takes all messages but those with these bodies. */
function takingAllBut(refused: readonly string[], fault = BUSY): Script {
  return (request): Answer => {
    const isRefused = ({ MessageBody }: SentMessage): boolean => refused.includes(MessageBody);
    const sent = sentIn(request);
    const Successful = sent
      .filter((one) => !isRefused(one))
      .map(({ Id, MessageBody }) => ({ Id, MessageId: Id, MD5OfMessageBody: hash('md5', MessageBody) }));
    const Failed = sent.filter(isRefused).map(({ Id }) => ({ Id, ...fault, Message: 'says so' }));
    return { status: 200, body: { Successful, Failed } };
  };
}

const takingAll = takingAllBut([]);

async function queueOf(scripts: readonly Script[], queueUrl = QUEUE) {
  const { client, service } = await served((options) => new SQSClient(options), scripts);
  const spec = FileSink.csv<Row>('out', { columns: ['name'] }).spec;
  const sink = new SqsSink(spec, { queueUrl, client: async () => client });
  return { sink, service, lines: () => service.requests.map(linesIn) };
}

function rows(count: number): readonly Row[] {
  return Array.from({ length: count }, (_, i) => ({ name: `r${i}` }));
}

describe('requests of the SQS sink', () => {
  it('hold at most 10 messages, in the order of the records', async () => {
    const { sink, lines } = await queueOf([takingAll]);
    await writeTo(sink, rows(21));
    expect(lines().map(({ length }) => length)).toEqual([10, 10, 1]);
    expect(lines().flat()).toEqual(rows(21).map(({ name }) => name));
  });

  it('hold at most 256 KiB', async () => {
    const { sink, lines } = await queueOf([takingAll]);
    const sizes = [100, 156, 100, 100, 57].map((kib) => kib * KIB);
    await writeTo(
      sink,
      sizes.map((size) => ({ name: 'x'.repeat(size) })),
    );
    expect(lines().map((sent) => sent.map(({ length }) => length / KIB))).toEqual([
      [100, 156],
      [100, 100],
      [57],
    ]);
  });
});

describe('a message of the SQS sink', () => {
  it('may have 256 KiB', async () => {
    const { sink, lines } = await queueOf([takingAll]);
    await writeTo(sink, [{ name: 'ä'.repeat(128 * KIB) }]);
    expect(lines().flat()).toHaveLength(1);
  });

  it('above that is a dead letter that says what, where and what to do', async () => {
    const { sink } = await queueOf([takingAll]);
    await expect(loggedCommit(sink, [{ name: `${'ä'.repeat(128 * KIB)}x` }])).rejects.toMatchObject({
      code: 'RECORD_TOO_LONG',
      message:
        `Queue ${QUEUE} takes messages of at most 262144 bytes, this record makes one of 262145. Send less ` +
        'with it, for example the name of an object that holds the rest.',
    });
  });

  it.each([
    ['a control character', 'a\u0000b', 'one with a character that XML does not allow'],
    ['half a surrogate pair', 'a\ud800b', 'one with a character that XML does not allow'],
    ['nothing', '', 'an empty one'],
  ])('of %s is a dead letter: the queue would refuse it each time', async (_, name, shown) => {
    const { sink } = await queueOf([takingAll]);
    await expect(loggedCommit(sink, [{ name }])).rejects.toMatchObject({
      code: 'RECORD_INVALID',
      message: expect.stringContaining(
        `Queue ${QUEUE} takes messages of text; this record makes ${shown}. Encode it`,
      ),
    });
  });
});

describe('messages that a queue refuses', () => {
  it('are sent again alone', async () => {
    const { sink, lines } = await queueOf([takingAllBut(['r1', 'r3']), takingAll]);
    await writeTo(sink, rows(5));
    expect(lines()).toEqual([
      ['r0', 'r1', 'r2', 'r3', 'r4'],
      ['r1', 'r3'],
    ]);
  });

  it('come before the messages of the next request', async () => {
    const { sink, lines } = await queueOf([takingAllBut(['r9']), takingAll]);
    await writeTo(sink, rows(11));
    expect(lines().slice(1)).toEqual([['r9'], ['r10']]);
  });

  it('are given up after a bounded number of requests, and sent whole by the next attempt', async () => {
    const refusing = Array.from({ length: LIMITS.invocationTriesMax }, () => takingAllBut(['r1']));
    const { sink, lines } = await queueOf([...refusing, takingAll]);
    const requests = await loggedCommit(sink, rows(2));
    await expect(commit(sink, requests)).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringMatching(/refuses 1 of 2 messages: InternalError says so\. They are sent again/),
    });
    expect(lines()).toHaveLength(LIMITS.invocationTriesMax);
    await commit(sink, requests);
    expect(lines().at(-1)).toEqual(['r0', 'r1']);
  });

  it('for good fail at once, with the reason of the queue', async () => {
    const fault = { Code: 'InvalidParameterValue', SenderFault: true };
    const { sink, lines } = await queueOf([takingAllBut(['r1'], fault)]);
    await expect(writeTo(sink, rows(2))).rejects.toMatchObject({
      code: 'AWS_REFUSED',
      message:
        `Queue ${QUEUE} refuses a message: InvalidParameterValue says so. Nothing behind it is sent: ` +
        'change the target so that it takes the message.',
    });
    expect(lines()).toHaveLength(1);
  });

  it.each(['RequestThrottled', 'KmsThrottled'])(
    'with %s are sent again, though it counts as a fault of the sender',
    async (Code) => {
      const { sink, lines } = await queueOf([takingAllBut(['r0'], { Code, SenderFault: true }), takingAll]);
      await writeTo(sink, rows(1));
      expect(lines()).toEqual([['r0'], ['r0']]);
    },
  );
});

describe('requests that a queue refuses', () => {
  it.each(['RequestThrottled', 'ThrottlingException'])('with %s are repeated', async (name) => {
    const { sink, lines } = await queueOf([failure(400, name), takingAll]);
    await writeTo(sink, rows(1));
    expect(lines()).toEqual([['r0'], ['r0']]);
  });

  it.each(['RequestThrottled', 'KmsThrottled'])(
    'with %s are IO_FAILED if that lasts: the commit is attempted again',
    async (name) => {
      const { sink } = await queueOf([failure(400, name)]);
      await expect(writeTo(sink, rows(1))).rejects.toMatchObject({ code: 'IO_FAILED' });
    },
  );

  it('are repeated when nobody knows whether they were taken: no message is lost', async () => {
    const { client, service } = await served(
      (options) =>
        new SQSClient({ ...options, requestHandler: { requestTimeout: 100, throwOnRequestTimeout: true } }),
      ['hang', takingAll],
    );
    const spec = FileSink.ndjson<Row>('out').spec;
    await writeTo(new SqsSink(spec, { queueUrl: QUEUE, client: async () => client }), rows(2));
    const [first, second] = service.requests.map(linesIn);
    expect(second).toEqual(['{"name":"r0"}', '{"name":"r1"}']);
    expect(first).toEqual(second);
  });

  it('fail for good if the queue does not exist', async () => {
    const { sink } = await queueOf([failure(400, 'QueueDoesNotExist')]);
    await expect(writeTo(sink, rows(1))).rejects.toMatchObject({ code: 'AWS_RESOURCE_MISSING' });
  });
});

describe('a FIFO queue', () => {
  it('gets the same deduplication ids in every attempt, one for each message', async () => {
    const { sink, service } = await queueOf([takingAll], `${QUEUE}.fifo`);
    const requests = await loggedCommit(sink, rows(3), { subtask: 2 });
    await commit(sink, requests);
    await commit(sink, requests);
    const [first = [], second] = service.requests.map(sentIn);
    expect(new Set(first.map((sent) => sent.MessageDeduplicationId)).size).toBe(3);
    expect(first.map((sent) => sent.MessageGroupId)).toEqual(['2', '2', '2']);
    expect(second).toEqual(first);
  });

  it('gets other ids for other commits', async () => {
    const { sink, service } = await queueOf([takingAll], `${QUEUE}.fifo`);
    const places = [{ version: 1 }, { version: 2 }, { subtask: 1 }, { lineage: 2 }];
    for (const place of places) await writeTo(sink, rows(1), place);
    const ids = service.requests.flatMap(sentIn).map((sent) => sent.MessageDeduplicationId);
    expect(new Set(ids).size).toBe(places.length);
  });

  it('gets other ids for other messages in the same place, as of a job deployed twice', async () => {
    const { sink, service } = await queueOf([takingAll], `${QUEUE}.fifo`);
    await writeTo(sink, [{ name: 'a' }]);
    await writeTo(sink, [{ name: 'b' }]);
    const [first, second] = service.requests.flatMap(sentIn);
    expect(first?.MessageDeduplicationId).not.toBe(second?.MessageDeduplicationId);
  });
});
