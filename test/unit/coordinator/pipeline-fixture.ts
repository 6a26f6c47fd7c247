/** A small pipeline whose subtasks are driven by hand: it writes logs as a runtime does. */

import { MemoryJobRecords } from '../../../lib/adapters/memory/memory-job-records.ts';
import { MemoryObjectStore } from '../../../lib/adapters/memory/memory-object-store.ts';
import { MemorySubtaskLog } from '../../../lib/adapters/memory/memory-subtask-log.ts';
import type { CoordinatorPorts } from '../../../lib/coordinator/coordinator-ports.ts';
import { findHead } from '../../../lib/coordinator/log-head.ts';
import type { RunPlan } from '../../../lib/coordinator/run-plan.ts';
import { type SubtaskFold, voidPayload } from '../../../lib/coordinator/subtask-fold.ts';
import { readSubtask } from '../../../lib/coordinator/subtask-reader.ts';
import { encodeEntry } from '../../../lib/core/codec/entry-codec.ts';
import { decodeFrame, encodeFrame } from '../../../lib/core/codec/frame-codec.ts';
import { decodeInbox } from '../../../lib/core/codec/inbox-codec.ts';
import { keyGroupOf } from '../../../lib/core/key.ts';
import { operatorIndexForKeyGroup } from '../../../lib/core/key-groups.ts';
import type { EntryPayload, OutgoingFrame } from '../../../lib/core/log/entry-payload.ts';
import type { Frame } from '../../../lib/core/log/frame.ts';
import type { LogItem } from '../../../lib/core/log/log-item.ts';
import type { OperatorDelta } from '../../../lib/core/log/state-delta.ts';
import type { SubtaskId } from '../../../lib/core/log/subtask-id.ts';
import { readPayload, readSegment } from '../../../lib/ports/stored-objects.ts';
import type { SubtaskRequest } from '../../../lib/ports/subtask-invoker.ts';
import { PRODUCTION_COORDINATOR_RULES } from '../../../lib/protocol/coordinator-rules.ts';

export const JOB = 'job';
export const RUN = 'run-1';
const MAX_PARALLELISM = 16;

/** `read` → key by → `count`, which ends in the sink `out`. */
export function planOf(sources: number, counters: number): RunPlan {
  return {
    vertices: [
      {
        id: 'read',
        parallelism: sources,
        maxParallelism: MAX_PARALLELISM,
        source: true,
        operators: [{ id: 'read', keyed: false }],
      },
      {
        id: 'count',
        parallelism: counters,
        maxParallelism: MAX_PARALLELISM,
        source: false,
        operators: [
          { id: 'count', keyed: true },
          { id: 'out', keyed: false },
        ],
      },
    ],
    edges: [
      {
        id: 'e0',
        sourceVertex: 'read',
        targetVertex: 'count',
        sourceOperator: 'read',
        targetOperator: 'count',
        inputIndex: 0,
        routing: 'key-group',
      },
    ],
  };
}

export interface World extends CoordinatorPorts {
  readonly invocations: { readonly subtask: SubtaskId; readonly request: SubtaskRequest }[];
  /** What an invocation does. */
  onInvoke: (subtask: SubtaskId, request: SubtaskRequest) => Promise<void>;
  advance(ms: number): void;
}

export function createWorld(ringSize = 64): World {
  let now = 1_000_000;
  let nonces = 0;
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const invocations: World['invocations'] = [];
  const world: World = {
    log: new MemorySubtaskLog(ringSize),
    objects: new MemoryObjectStore(clock),
    records: new MemoryJobRecords(),
    clock,
    rules: PRODUCTION_COORDINATOR_RULES,
    nonce: () => `n${++nonces}`,
    invocations,
    onInvoke: async () => {},
    invoker: {
      invoke: async (subtask, request) => {
        invocations.push({ subtask, request });
        await world.onInvoke(subtask, request);
      },
    },
    advance: (ms) => {
      now += ms;
    },
  };
  return world;
}

/** What a version says beside what follows from the head. */
export interface Commit {
  readonly payload: Partial<EntryPayload>;
  readonly epoch?: number;
  readonly item?: Partial<LogItem>;
}

/** Appends a version as the subtask itself does. */
export async function commit(world: World, subtask: SubtaskId, { payload, epoch = 0, item }: Commit) {
  const { item: head } = await findHead(world.log, subtask);
  const version = (head?.version ?? 0) + 1;
  const next: LogItem = {
    version,
    writer: world.nonce(),
    kind: 'data',
    epoch: Math.max(head?.epoch ?? 0, epoch),
    sentThrough: (payload.outbox?.length ?? 0) > 0 ? version - 1 : version,
    processingTime: world.clock.now(),
    code: 'code',
    due: undefined,
    inboxPending: head?.inboxPending ?? false,
    payload: { kind: 'inline', bytes: encodeEntry({ ...voidPayload(), ...payload }) },
    ...item,
  };
  const result = await world.log.append(subtask, next);
  if (result.kind !== 'accepted') throw new Error(`version ${version} was refused`);
}

/** Source subtask `index` reads these ids: one frame for every counter that owns some of them. */
export async function produce(
  world: World,
  index: number,
  {
    ids,
    counters = 2,
    run = RUN,
  }: {
    readonly ids: readonly number[];
    readonly counters?: number;
    readonly run?: string;
  },
) {
  const subtask = { run, vertex: 'read', subtask: index };
  const { fold } = await readSubtask(world, subtask);
  const produced: Record<string, number> = {};
  const outbox: OutgoingFrame[] = [];
  for (let counter = 0; counter < counters; counter++) {
    const own = ids.filter((id) => ownerOf(id, counters) === counter);
    if (own.length === 0) continue;
    const target = `count/${counter}`;
    const cseq = (fold.produced.get(target) ?? 0) + 1;
    produced[target] = cseq;
    const frame: Frame = {
      kind: 'frame',
      run,
      upstream: `read/${index}`,
      target,
      edge: 'e0',
      cseq,
      version: fold.version + 1,
      epoch: fold.epoch,
      endOfInput: false,
      runs: [
        {
          watermark: 0,
          idle: false,
          records: own.map((id) => ({ keyGroup: groupOf(id), value: id, timestamp: id })),
        },
      ],
    };
    outbox.push({ target, cseq, bytes: encodeFrame(frame) });
  }
  const positions = { [`shard-${index}`]: String(Math.max(...ids)) };
  await commit(world, subtask, { payload: { outbox, produced, positions } });
}

/** Counter `index` consumes the next `frames` frames that source `from` has produced. */
export async function consume(
  world: World,
  index: number,
  {
    from,
    frames = 1,
    run = RUN,
  }: {
    readonly from: number;
    readonly frames?: number;
    readonly run?: string;
  },
) {
  const subtask = { run, vertex: 'count', subtask: index };
  const upstream = `read/${from}`;
  const { fold } = await readSubtask(world, subtask);
  const hw = fold.consumed.get(upstream) ?? 0;
  const sent = await sentFrames(world, { run, vertex: 'read', subtask: from }, `count/${index}`);
  const taken = sent.filter(({ cseq }) => cseq > hw).slice(0, frames);
  const last = taken.at(-1);
  if (last === undefined) return;
  await commit(world, subtask, {
    payload: {
      consumed: { [upstream]: last.cseq },
      operators: [seen(idsOf(taken), fold)],
    },
    epoch: Math.max(...taken.map(({ epoch }) => epoch)),
  });
}

/** A genesis invocation: consumes one frame of the inbox. */
export async function consumeInbox(world: World, subtask: SubtaskId) {
  const { fold } = await readSubtask(world, subtask);
  if (fold.inbox === undefined || !fold.inboxPending) return;
  const frames = await inboxFrames(world, fold.inbox.objects);
  const inboxConsumed = fold.inboxConsumed + 1;
  const operators = [seen(idsOf([frames[fold.inboxConsumed]!]), fold)];
  await commit(world, subtask, {
    payload: { inboxConsumed, operators },
    item: { inboxPending: inboxConsumed < fold.inbox.frames },
  });
}

/** Ids that a counter has seen, each as often as it has. */
export async function seenIds(world: World, subtask: SubtaskId): Promise<readonly number[]> {
  const { fold } = await readSubtask(world, subtask);
  return [...timesSeen(fold)].flatMap(([id, times]) => Array.from({ length: times }, () => id));
}

function timesSeen(fold: Pick<SubtaskFold, 'state'>): ReadonlyMap<number, number> {
  const changes = fold.state.deltas().flatMap(({ keyed }) => keyed.flatMap((state) => state.changes));
  return new Map(
    changes.flatMap((change) =>
      change.op === 'put' ? [[Number(change.key), Number(change.value)] as const] : [],
    ),
  );
}

async function inboxFrames(
  world: Pick<World, 'objects'>,
  objects: readonly string[],
): Promise<readonly Frame[]> {
  const frames: Frame[] = [];
  for (const name of objects) frames.push(...decodeInbox((await world.objects.get(name))!));
  return frames;
}

export function idsOf(frames: readonly Frame[]): readonly number[] {
  return frames.flatMap(({ runs }) =>
    runs.flatMap(({ records }) => records.flatMap(({ value }) => (typeof value === 'number' ? [value] : []))),
  );
}

export function ownerOf(id: number, counters: number): number {
  return operatorIndexForKeyGroup(MAX_PARALLELISM, counters, groupOf(id));
}

function groupOf(id: number): number {
  return keyGroupOf(id, MAX_PARALLELISM);
}

/** The state change of a counter that sees these ids. */
export function seen(ids: readonly number[], fold: Pick<SubtaskFold, 'state' | 'version'>): OperatorDelta {
  const before = timesSeen(fold);
  return {
    operator: 'count',
    keyed: [
      {
        name: 'seen',
        kind: 'value',
        changes: ids.map((key) => {
          const value = (before.get(key) ?? 0) + 1;
          return { op: 'put', key, namespace: undefined, part: undefined, value };
        }),
      },
    ],
    timers: [],
    states: [],
    watermark: fold.version,
    keyGroupWatermarks: undefined,
  };
}

async function sentFrames(world: World, subtask: SubtaskId, target: string): Promise<readonly Frame[]> {
  const { items, base, fold } = await readSubtask(world, subtask);
  const archived = (base?.manifest.segments ?? []).map((segment) => readSegment(world.objects, segment));
  const all = [...(await Promise.all(archived)).flat(), ...items].filter(
    (item) => item.version <= fold.version,
  );
  const frames: Frame[] = [];
  for (const item of all) {
    for (const outgoing of (await readPayload(world.objects, item)).outbox) {
      const frame = decodeFrame(outgoing.bytes);
      if (outgoing.target === target && frame.kind === 'frame') frames.push(frame);
    }
  }
  return frames;
}
