import { describe, expect, it } from 'vitest';
import { batchOf, firstOf, type TableEvent } from '../../functions/task-event.ts';

const ARN = 'arn:aws:dynamodb:eu-west-1:111122223333:table/accounts/stream/2026-01-01T00:00:00.000';

function tableEvent(sequenceNumbers: readonly string[]): TableEvent {
  return {
    shardId: 'shardId-00000001414576573621-f55eea83',
    Records: sequenceNumbers.map((SequenceNumber) => ({
      eventSourceARN: ARN,
      eventName: 'INSERT',
      dynamodb: { SequenceNumber, ApproximateCreationDateTime: 12, Keys: { id: { S: 'a' } } },
    })),
  };
}

describe('a batch of the stream of a table', () => {
  it('is of the shard that the event names', () => {
    const batch = batchOf(tableEvent(['111', '222']));
    expect(batch).toMatchObject({ stream: ARN, shardId: 'shardId-00000001414576573621-f55eea83' });
    expect(batch?.records.map(({ sequenceNumber }) => sequenceNumber)).toEqual(['111', '222']);
    expect(batch?.records[0]).toMatchObject({ shardId: batch?.shardId, arrivedAt: 12_000 });
    expect(firstOf(tableEvent(['111', '222']))).toBe('111');
  });

  it('may have no records: so a window ends', () => {
    expect(batchOf(tableEvent([]))).toBeUndefined();
    expect(firstOf(tableEvent([]))).toBeUndefined();
  });
});
