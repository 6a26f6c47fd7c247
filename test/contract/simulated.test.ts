/** What a simulated process gives to a job, as long as nothing goes wrong. */
import type { OutgoingRecord } from '../../lib/ports/stream-transport.ts';
import { type LogObserver, LogService } from '../../lib/testing/simulator/log-service.ts';
import { ObjectService } from '../../lib/testing/simulator/object-service.ts';
import { logOf, objectsOf, recordsOf, transportOf } from '../../lib/testing/simulator/process-ports.ts';
import { RecordService } from '../../lib/testing/simulator/record-service.ts';
import { SeededRandom } from '../../lib/testing/simulator/seeded-random.ts';
import { Shard } from '../../lib/testing/simulator/shard.ts';
import { describeClock, type RunningClock } from './clock-contract.ts';
import type { Open } from './contract-cases.ts';
import { describeJobRecords } from './job-records-contract.ts';
import { RING_SIZE } from './log-samples.ts';
import { describeObjectStore } from './object-store-contract.ts';
import { describeRandom } from './random-contract.ts';
import { describeStreamTransport, type ReadableTransport } from './stream-transport-contract.ts';
import { describeSubtaskLog } from './subtask-log-contract.ts';
import { VirtualProcess } from './virtual-process.ts';

const NOBODY: LogObserver = { accepted: () => {}, baseMoved: () => {}, refused: () => {} };

/** Opens what a fresh process sees; nothing needs closing. */
function opening<T>(make: (virtual: VirtualProcess) => T): Open<T> {
  return async () => ({ subject: make(new VirtualProcess()), close: async () => {} });
}

function simulatedClock(skewMs: number): RunningClock {
  const { scheduler, process } = new VirtualProcess({ skewMs });
  const pass = async (ms: number) => {
    let over = false;
    scheduler.after(ms, () => {
      over = true;
    });
    await scheduler.run(1000, () => over);
  };
  return { clock: process.clock, pass };
}

/** `reorder`: share of the records that overtake others. */
function simulatedTransport(virtual: VirtualProcess, reorder: number): ReadableTransport {
  const shards = new Map<string, Shard>();
  const deliver = ({ target, bytes }: OutgoingRecord, earlier: number): string => {
    const shard = shards.get(target) ?? new Shard(target);
    shards.set(target, shard);
    return shard.add(bytes, virtual.scheduler.now, earlier);
  };
  const faults = () => ({ partialSend: 0, reorder });
  const service = { faults, throttled: () => false, deliver };
  const received = async (target: string) =>
    (shards.get(target)?.read(0, 1000) ?? []).map(({ bytes }) => ({ run: 'run-1', target, bytes }));
  return { transport: virtual.driven(transportOf(virtual.process, service)), received };
}

describeSubtaskLog(
  'simulated',
  opening((virtual) => virtual.driven(logOf(virtual.process, new LogService(RING_SIZE, NOBODY)))),
);
describeObjectStore(
  'simulated',
  opening((virtual) => {
    const now = () => virtual.scheduler.now;
    const service = new ObjectService({ now, overwrites: false, rewritten: () => {}, deleted: () => {} });
    return virtual.driven(objectsOf(virtual.process, service));
  }),
);
describeJobRecords(
  'simulated',
  opening((virtual) => virtual.driven(recordsOf(virtual.process, new RecordService(() => {})))),
);
describeStreamTransport(
  'simulated',
  opening((virtual) => simulatedTransport(virtual, 0)),
);
describeStreamTransport(
  'simulated, out of order',
  opening((virtual) => simulatedTransport(virtual, 0.5)),
);
describeClock('simulated', async () => ({ subject: simulatedClock(0), close: async () => {} }));
describeClock('simulated, behind', async () => ({ subject: simulatedClock(-5000), close: async () => {} }));
for (const seed of [0, 1, 2 ** 40 + 7]) {
  describeRandom(`seeded with ${seed}`, async () => ({
    subject: new SeededRandom(seed),
    close: async () => {},
  }));
}
describeRandom('a fork', async () => ({ subject: new SeededRandom(3).fork(), close: async () => {} }));
