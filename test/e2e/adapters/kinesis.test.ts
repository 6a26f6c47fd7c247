/** What the Kinesis adapter keeps beyond the contract of its port: calls, limits, shards. */
import { afterAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../lib/core/limits.ts';
import type { OutgoingRecord } from '../../../lib/ports/stream-transport.ts';
import { AwsClients } from '../aws-stores.ts';
import { startEmulator } from '../emulator/emulator.ts';
import { countCalls } from './call-counts.ts';

const emulator = await startEmulator();
const clients = new AwsClients(emulator.endpoint);
const calls = countCalls(clients.kinesis);
afterAll(() => emulator.stop());

/** Run ids are the partition keys of frames, which Kinesis counts. */
const LONGEST_RUN = 'r'.repeat(256);

function frames(target: string, count: number, bytes: number): readonly OutgoingRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const frame = new Uint8Array(bytes);
    new DataView(frame.buffer).setUint32(0, i);
    return { run: LONGEST_RUN, target, bytes: frame };
  });
}

function numbersOf(records: readonly OutgoingRecord[]): readonly number[] {
  return records.map(({ bytes }) => Buffer.from(bytes).readUInt32BE(0));
}

describe('KinesisStreamTransport', () => {
  it('500 frames of any shards are one PutRecords', async () => {
    const { subject, close } = await clients.openTransport({ a: 3 });
    const records = [0, 1, 2].flatMap((shard) => frames(`a/${shard}`, shard === 0 ? 168 : 166, 8));
    calls.take();
    const outcomes = await subject.transport.send(records);
    expect(calls.take()).toEqual(['PutRecordsCommand']);
    expect(outcomes.every(({ kind }) => kind === 'sent')).toBe(true);
    await close();
  });

  it('more records than a request holds arrive by several, each once and in order', async () => {
    const { subject, close } = await clients.openTransport({ a: 2 });
    const records = frames('a/1', 1001, 16);
    calls.take();
    const outcomes = await subject.transport.send(records);
    expect(calls.take()).toEqual(Array(3).fill('PutRecordsCommand'));
    expect(outcomes.filter(({ kind }) => kind === 'sent')).toHaveLength(1001);
    expect(numbersOf(await subject.received('a/1', 1001))).toEqual(numbersOf(records));
    expect(await subject.received('a/0', 0)).toEqual([]);
    await close();
  });

  it('the largest frames are sent, no more of them at once than 5 MB', async () => {
    const { subject, close } = await clients.openTransport({ a: 1 });
    const records = frames('a/0', 11, LIMITS.frameBytesMax);
    calls.take();
    const outcomes = await subject.transport.send(records);
    expect(calls.take()).toEqual(Array(3).fill('PutRecordsCommand'));
    expect(outcomes.every(({ kind }) => kind === 'sent')).toBe(true);
    expect(numbersOf(await subject.received('a/0', 11))).toEqual(numbersOf(records));
    await close();
  });

  it.each([1, 2, 3, 7, 31])('of %i shards each takes the frames of its own subtask', async (shards) => {
    const { subject, close } = await clients.openTransport({ a: shards });
    const targets = Array.from({ length: shards }, (_, i) => `a/${i}`);
    const outcomes = await subject.transport.send(targets.flatMap((target) => frames(target, 1, 4)));
    expect(outcomes.map((outcome) => outcome.kind === 'sent' && outcome.deliveredTo)).toEqual(targets);
    await close();
  });
});
