import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SubtaskHost } from '../../../../lib/runtime/invocation/subtask-host.ts';
import { type AppendFault, counter, InvocationWorld, ROUTER, sequentialCounts } from './invocation-world.ts';

const SUBTASKS = [ROUTER, counter(0), counter(1)];

/** One step of a history. */
interface Step {
  readonly action: 'feed' | 'deliver' | 'again' | 'throttled' | 'tick' | 'restart';
  readonly word: string;
  readonly subtask: number;
  readonly host: number;
  readonly limit: number;
  readonly appendFault: AppendFault;
  readonly sendFault: 'throw' | 'fail-all' | 'fail-odd' | undefined;
  /** Another process works on the same records before the put arrives. */
  readonly contender: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  action: fc.constantFrom('feed', 'feed', 'deliver', 'deliver', 'again', 'throttled', 'tick', 'restart'),
  word: fc.constantFrom('a', 'b', 'c', 'd'),
  subtask: fc.nat(2),
  host: fc.nat(2),
  limit: fc.integer({ min: 1, max: 5 }),
  appendFault: fc.constantFrom(undefined, undefined, 'lost', 'landed-but-error'),
  sendFault: fc.constantFrom(undefined, undefined, 'throw', 'fail-all', 'fail-odd'),
  contender: fc.boolean(),
});

async function run(steps: readonly Step[], ringSize: number): Promise<void> {
  const world = new InvocationWorld({ ringSize });
  const hosts = [world.host(), world.host(), world.host()];
  const words: string[] = [];
  for (const one of steps) {
    if (one.action === 'feed') {
      words.push(one.word);
      world.feed([one.word]);
    } else {
      await act(world, hosts, one);
    }
    world.now += 1000;
  }
  world.appendFaults = [];
  world.sendFaults = [];
  world.beforeAppend = undefined;
  for (let round = 0; round < 3; round++) {
    for (const subtask of SUBTASKS) await world.tick(hosts[0]!, subtask);
    await world.drain(hosts[0]!);
    world.now += 60_000;
  }
  expect(world.outputs).toEqual(sequentialCounts(words));
  expect(world.failures).toEqual([]);
  await expectQuiet(world);
}

async function act(world: InvocationWorld, hosts: SubtaskHost[], one: Step): Promise<void> {
  const subtask = SUBTASKS[one.subtask]!;
  const host = hosts[one.host]!;
  world.appendFaults = one.appendFault === undefined ? [] : [one.appendFault];
  world.sendFaults = one.sendFault === undefined ? [] : [one.sendFault];
  const records = world.pending(subtask, one.limit);
  if (one.contender) {
    world.beforeAppend = async () => {
      await world.invoke(hosts[(one.host + 1) % 3]!, { subtask, records: records.slice(0, 1) });
    };
  }
  if (one.action === 'restart') hosts[one.host] = world.host();
  else if (one.action === 'tick') await world.tick(host, subtask);
  else if (one.action === 'deliver') await world.deliver(host, subtask, one.limit);
  else if (one.action === 'again') await world.invoke(host, { subtask, records });
  else await throttled(world, async () => void (await world.deliver(host, subtask, one.limit)));
  world.beforeAppend = undefined;
}

/** Every send of the invocation fails: what is committed waits. */
async function throttled(world: InvocationWorld, work: () => Promise<void>): Promise<void> {
  world.sendFaults = Array.from({ length: 20 }, () => 'fail-all' as const);
  await work();
}

/** I4: everything is sent, and another tick writes nothing. */
async function expectQuiet(world: InvocationWorld): Promise<void> {
  const before = world.appended.length;
  for (const subtask of SUBTASKS) {
    const outcome = await world.tick(world.host(), subtask);
    expect(outcome).toEqual({ kind: 'success' });
  }
  expect(world.appended.length).toBe(before);
}

describe('any history of deliveries, crashes, contenders and faults', () => {
  it('gives every count exactly once (I1 to I9)', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.constantFrom(4, 8, 64), run), {
      numRuns: 500,
    });
  });
});
