import { MemoryJobRecords } from '../../lib/adapters/memory/memory-job-records.ts';
import { MemoryKeyedTable } from '../../lib/adapters/memory/memory-keyed-table.ts';
import { MemoryObjectStore } from '../../lib/adapters/memory/memory-object-store.ts';
import { MemoryStreamTransport } from '../../lib/adapters/memory/memory-stream-transport.ts';
import { MemorySubtaskLog } from '../../lib/adapters/memory/memory-subtask-log.ts';
import { systemClock } from '../../lib/adapters/system/system-clock.ts';
import type { Open } from './contract-cases.ts';
import { describeDeadLetters } from './dead-letters-contract.ts';
import { describeGroupLog } from './group-log-contract.ts';
import { describeJobRecords } from './job-records-contract.ts';
import { describeKeyedTable } from './keyed-table-contract.ts';
import { RING_SIZE } from './log-samples.ts';
import { describeObjectStore } from './object-store-contract.ts';
import { letterObjects } from './readable-letters.ts';
import { describeStreamTransport } from './stream-transport-contract.ts';
import { describeSubtaskLog } from './subtask-log-contract.ts';

/** Opens what needs no closing. */
function opening<T>(make: () => T): Open<T> {
  return async () => ({ subject: make(), close: async () => {} });
}

const openLog = opening(() => new MemorySubtaskLog(RING_SIZE));

describeSubtaskLog('memory', openLog);
describeGroupLog('memory', openLog);
describeObjectStore(
  'memory',
  opening(() => new MemoryObjectStore(systemClock)),
);
describeJobRecords(
  'memory',
  opening(() => new MemoryJobRecords()),
);
describeKeyedTable(
  'memory',
  opening(() => new MemoryKeyedTable()),
);
describeDeadLetters(
  'memory',
  opening(() => letterObjects(new MemoryObjectStore(systemClock))),
);
describeStreamTransport(
  'memory',
  opening(() => {
    const transport = new MemoryStreamTransport();
    return { transport, received: async (target: string) => transport.poll(target) };
  }),
);
