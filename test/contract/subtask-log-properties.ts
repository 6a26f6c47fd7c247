/** Properties of SubtaskLog over random interleavings and histories. Each run uses subtasks of its own. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { SubtaskId } from '../../lib/core/log/subtask-id.ts';
import type { SubtaskLog } from '../../lib/ports/subtask-log.ts';
import type { ContractCase } from './contract-cases.ts';
import { logItem, RING_SIZE, subtask } from './log-samples.ts';

const RUNS = 40;

/** One attempt that was accepted. */
interface Accepted {
  readonly version: number;
  readonly writer: string;
}

/** Appends behind the head that it knows, as a subtask does, until it has tried `attempts` times. */
async function write(
  log: SubtaskLog,
  id: SubtaskId,
  run: {
    readonly name: string;
    readonly attempts: number;
    /** Resolves when the scheduler gives this writer its turn. */
    turn(): Promise<void>;
    accepted(item: Accepted): void;
  },
): Promise<void> {
  let head = 0;
  for (let attempt = 0; attempt < run.attempts; attempt++) {
    const writer = `${run.name}-${attempt}`;
    await run.turn();
    const result = await log.append(id, logItem(head + 1, { writer }));
    if (result.kind === 'accepted') {
      head += 1;
      run.accepted({ version: head, writer });
      continue;
    }
    expect(result.found?.writer).not.toBe(writer);
    await run.turn();
    for (;;) {
      const { items, stop } = await log.readFrom(id, head + 1, 3);
      head += items.length;
      if (stop === 'head') break;
      // Overrun: the slot holds a later lap, whose version is a head to go on from.
      if (stop === 'overrun') head = (await log.readSlot(id, head + 1))?.version ?? head;
    }
  }
}

export const concurrentWritersCase: ContractCase<SubtaskLog> = {
  id: 'LOG-30',
  says: 'I1, I2: writers that run against each other leave one dense history per subtask',
  run: async (log) => {
    let runs = 0;
    const property = fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }),
      async (scheduler, attempts) => {
        runs += 1;
        const ids = [subtask(0, `race-${runs}`), subtask(1, `race-${runs}`)];
        const histories = ids.map((): Accepted[] => []);
        const writers = attempts.flatMap((count, index) =>
          ids.map((id, place) =>
            write(log, id, {
              name: `writer${index}`,
              attempts: count,
              turn: async () => void (await scheduler.schedule(Promise.resolve())),
              accepted: (item) => void histories[place]?.push(item),
            }),
          ),
        );
        await scheduler.waitFor(Promise.all(writers));
        for (const [place, id] of ids.entries()) await expectHistory(log, id, histories[place] ?? []);
      },
    );
    await fc.assert(property, { numRuns: RUNS });
  },
};

/** `accepted` is dense, and the ring holds the end of it. */
async function expectHistory(log: SubtaskLog, id: SubtaskId, accepted: readonly Accepted[]): Promise<void> {
  const history = accepted.toSorted((left, right) => left.version - right.version);
  expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => index + 1));
  const first = Math.max(1, history.length - RING_SIZE + 1);
  const { items, stop } = await log.readFrom(id, first, RING_SIZE + 1);
  expect(stop).toBe('head');
  expect(items.map(({ version, writer }) => ({ version, writer }))).toEqual(history.slice(first - 1));
}

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('append' as const), offset: fc.constant(1) }) },
    fc.record({
      kind: fc.constant('append' as const),
      offset: fc.integer({ min: -RING_SIZE - 1, max: RING_SIZE + 1 }),
    }),
    fc.record({
      kind: fc.constant('read' as const),
      from: fc.integer({ min: 1, max: 3 * RING_SIZE }),
      limit: fc.integer({ min: 1, max: RING_SIZE + 2 }),
    }),
  ),
  { maxLength: 60 },
);

export const ringModelCase: ContractCase<SubtaskLog> = {
  id: 'LOG-31',
  says: 'I2: appends and reads answer as an array of slots does',
  run: async (log) => {
    let runs = 0;
    const property = fc.asyncProperty(steps, async (history) => {
      runs += 1;
      const id = subtask(0, `model-${runs}`);
      const slots: (number | undefined)[] = new Array(RING_SIZE).fill(undefined);
      let head = 0;
      for (const step of history) {
        if (step.kind === 'append') head = await appendBoth(log, id, { slots, head, offset: step.offset });
        else await readBoth(log, id, { slots, ...step });
      }
    });
    await fc.assert(property, { numRuns: RUNS });
  },
};

async function appendBoth(
  log: SubtaskLog,
  id: SubtaskId,
  model: { readonly slots: (number | undefined)[]; readonly head: number; readonly offset: number },
): Promise<number> {
  const version = Math.max(1, model.head + model.offset);
  const held = model.slots[version % RING_SIZE];
  const accepts = held === undefined ? version <= RING_SIZE : held === version - RING_SIZE;
  const found = held === undefined ? undefined : logItem(held);
  const result = await log.append(id, logItem(version));
  expect(result).toEqual(accepts ? { kind: 'accepted' } : { kind: 'refused', found });
  if (!accepts) return model.head;
  model.slots[version % RING_SIZE] = version;
  return Math.max(model.head, version);
}

async function readBoth(
  log: SubtaskLog,
  id: SubtaskId,
  model: {
    readonly slots: readonly (number | undefined)[];
    readonly from: number;
    readonly limit: number;
  },
): Promise<void> {
  const { items, stop } = await log.readFrom(id, model.from, model.limit);
  const expected: number[] = [];
  let version = model.from;
  while (expected.length < model.limit && model.slots[version % RING_SIZE] === version) {
    expected.push(version++);
  }
  const blocking = model.slots[version % RING_SIZE];
  const reason = blocking !== undefined && blocking > version ? 'overrun' : 'head';
  expect(items.map((item) => item.version)).toEqual(expected);
  expect(stop).toBe(expected.length === model.limit ? 'limit' : reason);
}
