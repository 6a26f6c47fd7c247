/**
 * MessageWriter: the records of a commit as messages. They leave the process when the commit is in the log,
 * and in every attempt they are the same.
 */
import type { SinkWriter } from '../../core/connector.ts';
import { RecordError } from '../../core/errors.ts';

export interface Message {
  /** What the service orders, spreads or identifies messages by; '' if it is left to the service. */
  readonly key: string;
  readonly body: string;
}

/** The messages of one commit, in order. Plain data. */
export interface MessageBatch {
  /** As many as bodies. */
  readonly keys: readonly string[];
  readonly bodies: readonly string[];
}

export interface MessageWriterOptions<T> {
  /** Throws RecordError for a record that makes no message. */
  readonly messageOf: (value: T) => Message;
  /** Name of the target, for errors. */
  readonly target: string;
  /**
   * Largest message: its key and its body. Unit: bytes.
   * @default - what `messageOf` takes
   */
  readonly bytesMax?: number;
  /** Of the messages with one key only the last of a commit is kept. */
  readonly lastOfKey: boolean;
}

export class MessageWriter<T> implements SinkWriter<T, MessageBatch> {
  readonly #options: MessageWriterOptions<T>;
  #messages: Message[] = [];

  constructor(options: MessageWriterOptions<T>) {
    this.#options = options;
  }

  write(value: T): void {
    const { messageOf, target, bytesMax = Number.POSITIVE_INFINITY } = this.#options;
    const message = messageOf(value);
    const bytes = Buffer.byteLength(message.key) + Buffer.byteLength(message.body);
    if (bytes > bytesMax) {
      throw new RecordError(
        'RECORD_TOO_LONG',
        `${target} takes messages of at most ${bytesMax} bytes, this record makes one of ${bytes}. Send ` +
          'less with it, for example the name of an object that holds the rest.',
        { context: { location: target } },
      );
    }
    this.#messages.push(message);
  }

  /** Nothing leaves the writer before a commit. */
  pendingBytes(): number {
    return 0;
  }

  async flush(): Promise<void> {}

  async prepareCommit(): Promise<readonly MessageBatch[]> {
    const taken = this.#options.lastOfKey ? lastOfEachKey(this.#messages) : this.#messages;
    this.#messages = [];
    if (taken.length === 0) return [];
    return [{ keys: taken.map(({ key }) => key), bodies: taken.map(({ body }) => body) }];
  }

  async close(): Promise<void> {
    this.#messages = [];
  }
}

function lastOfEachKey(messages: readonly Message[]): readonly Message[] {
  return [...new Map(messages.map((message) => [message.key, message])).values()];
}
