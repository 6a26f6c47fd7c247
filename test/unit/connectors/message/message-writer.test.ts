import { describe, expect, it } from 'vitest';
import {
  type Message,
  MessageWriter,
  type MessageWriterOptions,
} from '../../../../lib/connectors/message/message-writer.ts';

function writer(options: Partial<MessageWriterOptions<Message>> = {}): MessageWriter<Message> {
  const plain = { messageOf: (message: Message) => message, target: 'Stream s', bytesMax: 8 };
  return new MessageWriter({ ...plain, lastOfKey: false, ...options });
}

const [A1, B1, A2] = ['a1', 'b1', 'a2'].map((name) => ({ key: name.slice(0, 1), body: name }));

describe('the messages of a commit', () => {
  it('are those since the commit before it, in order, as plain data', async () => {
    const subject = writer();
    for (const message of [A1, B1, A2]) subject.write(message!);
    const first = await subject.prepareCommit();
    subject.write(B1!);
    const second = await subject.prepareCommit();
    expect(first).toEqual([{ keys: ['a', 'b', 'a'], bodies: ['a1', 'b1', 'a2'] }]);
    expect(second).toEqual([{ keys: ['b'], bodies: ['b1'] }]);
    expect(structuredClone(first)).toEqual(first);
  });

  it('are only the last of each key if the target keeps no others', async () => {
    const subject = writer({ lastOfKey: true });
    for (const message of [A1, B1, A2]) subject.write(message!);
    expect(await subject.prepareCommit()).toEqual([{ keys: ['a', 'b'], bodies: ['a2', 'b1'] }]);
  });

  it('are none if nothing was written', async () => {
    expect(await writer().prepareCommit()).toEqual([]);
  });

  it('do not outlive their writer', async () => {
    const subject = writer();
    subject.write(A1!);
    await subject.close();
    expect(await subject.prepareCommit()).toEqual([]);
  });
});

it('a message that is too long is refused alone; its key counts, in bytes', async () => {
  const subject = writer();
  subject.write({ key: 'ä', body: '123456' });
  expect(() => subject.write({ key: 'ä', body: '1234567' })).toThrow(
    expect.objectContaining({
      code: 'RECORD_TOO_LONG',
      message: expect.stringContaining(
        'Stream s takes messages of at most 8 bytes, this record makes one of 9',
      ),
    }),
  );
  subject.write(A1!);
  expect(await subject.prepareCommit()).toEqual([{ keys: ['ä', 'a'], bodies: ['123456', 'a1'] }]);
});
