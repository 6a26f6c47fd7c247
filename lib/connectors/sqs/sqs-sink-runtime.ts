import { createHash } from 'node:crypto';
import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { callAws, isPassing } from '../../core/aws-failure.ts';
import type { CommitRequest, Committer, SinkRuntime } from '../../core/connector.ts';
import { RecordError } from '../../core/errors.ts';
import type { FileSinkSpec } from '../file/file-sink-spec.ts';
import { loadMessageText } from '../message/message-format.ts';
import { type Refusal, sendMessages } from '../message/message-sending.ts';
import { type MessageBatch, MessageWriter } from '../message/message-writer.ts';
import type { SqsTarget } from './sqs-sink.ts';

/** Of one SendMessageBatch request, and of one message: what every queue takes by default. */
const MESSAGE_BYTES_MAX = 256 << 10;
const REQUEST = { messagesMax: 10, bytesMax: MESSAGE_BYTES_MAX };

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what SQS refuses.
const REFUSED = /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

type Entry = Omit<SendMessageBatchRequestEntry, 'Id'>;

/** The code of an SQS sink. */
export async function createSqsSinkRuntime<T>(
  spec: FileSinkSpec<T>,
  { queueUrl, client }: SqsTarget,
): Promise<SinkRuntime<T, MessageBatch>> {
  const text = await loadMessageText(spec);
  return {
    createWriter: async () =>
      new MessageWriter<T>({
        target: `Queue ${queueUrl}`,
        messageOf: (value) => ({ key: '', body: checkedBody(text(value), queueUrl) }),
        bytesMax: MESSAGE_BYTES_MAX,
        lastOfKey: false,
      }),
    createCommitter: async () => new MessageCommitter(await client(), queueUrl),
  };
}

/** Sends the messages of commits. */
class MessageCommitter implements Committer<MessageBatch> {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  async commit(requests: readonly CommitRequest<MessageBatch>[]): Promise<void> {
    const fifo = this.#queueUrl.endsWith('.fifo');
    await sendMessages(
      requests.flatMap((request) => entriesOf(request, fifo)),
      {
        target: `Queue ${this.#queueUrl}`,
        limits: REQUEST,
        bytesOf: ({ MessageBody = '' }) => Buffer.byteLength(MessageBody),
        send: (entries) => this.#send(entries),
      },
    );
  }

  async #send(entries: readonly Entry[]): Promise<readonly Refusal<Entry>[]> {
    // Ids tell apart the messages of one request.
    const Entries = entries.map((entry, i) => ({ ...entry, Id: String(i) }));
    const batch = new SendMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries });
    const what = `The sending of ${entries.length} messages to queue ${this.#queueUrl}`;
    const { Successful = [], Failed = [] } = await callAws(what, () => this.#client.send(batch));
    const taken = new Set(Successful.map(({ Id }) => Id));
    return entries.flatMap((entry, i) => {
      if (taken.has(String(i))) return [];
      const failed = Failed.find(({ Id }) => Id === String(i));
      const { Code = 'no answer', Message = '', SenderFault = false } = failed ?? {};
      return [{ entry, reason: `${Code} ${Message}`.trim(), lasting: SenderFault && !isPassing(Code) }];
    });
  }
}

function entriesOf({ id, committable }: CommitRequest<MessageBatch>, fifo: boolean): readonly Entry[] {
  return committable.bodies.map((MessageBody, i) => {
    if (!fifo) return { MessageBody };
    // An id may be longer than what SQS takes, and stand for other messages in another deployment of the job.
    const MessageDeduplicationId = createHash('sha256')
      .update(`${id.text}/${i}/${MessageBody}`)
      .digest('hex');
    return { MessageBody, MessageGroupId: String(id.subtask), MessageDeduplicationId };
  });
}

/** Throws RecordError RECORD_INVALID for text that SQS would refuse each time. */
function checkedBody(body: string, queueUrl: string): string {
  if (body !== '' && !REFUSED.test(body)) return body;
  const what = body === '' ? 'an empty one' : 'one with a character that XML does not allow';
  throw new RecordError(
    'RECORD_INVALID',
    `Queue ${queueUrl} takes messages of text; this record makes ${what}. Encode it before the sink.`,
    { context: { location: queueUrl } },
  );
}
