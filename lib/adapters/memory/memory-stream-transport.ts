import type { OutgoingRecord, SendOutcome, StreamTransport } from '../../ports/stream-transport.ts';

/** A record as a subtask receives it. */
export interface StreamRecord extends OutgoingRecord {
  /** Digits of one length, rising with every record of the transport. */
  readonly sequenceNumber: string;
}

/** Streams in memory, one per target, that lose nothing and keep order. Bytes are copied in and out. */
export class MemoryStreamTransport implements StreamTransport {
  readonly #streams = new Map<string, StreamRecord[]>();
  #sent = 0n;

  async send(records: readonly OutgoingRecord[]): Promise<readonly SendOutcome[]> {
    return records.map((record) => {
      this.#sent += 1n;
      const sequenceNumber = String(this.#sent).padStart(20, '0');
      const stream = this.#streams.get(record.target) ?? [];
      stream.push({ ...record, bytes: new Uint8Array(record.bytes), sequenceNumber });
      this.#streams.set(record.target, stream);
      return { kind: 'sent', deliveredTo: record.target, sequenceNumber };
    });
  }

  /** Records of `target` behind `after`, all if it is not given; they stay in the stream. */
  poll(target: string, after = ''): readonly StreamRecord[] {
    const stream = this.#streams.get(target) ?? [];
    return stream
      .filter(({ sequenceNumber }) => sequenceNumber > after)
      .map((record) => ({ ...record, bytes: new Uint8Array(record.bytes) }));
  }
}
