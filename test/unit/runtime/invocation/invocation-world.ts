/** Stores, streams and processes in memory, with a stream driver that behaves as an event source mapping. */
import { MemoryKeyedTable } from '../../../../lib/adapters/memory/memory-keyed-table.ts';
import { MemoryObjectStore } from '../../../../lib/adapters/memory/memory-object-store.ts';
import { MemoryStreamTransport } from '../../../../lib/adapters/memory/memory-stream-transport.ts';
import { MemorySubtaskLog } from '../../../../lib/adapters/memory/memory-subtask-log.ts';
import { RetryableError } from '../../../../lib/core/errors.ts';
import type { SinkIntent } from '../../../../lib/core/log/entry-payload.ts';
import type { LogItem } from '../../../../lib/core/log/log-item.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';
import type { OutgoingRecord, SendOutcome, StreamTransport } from '../../../../lib/ports/stream-transport.ts';
import type { AppendResult, SubtaskLog } from '../../../../lib/ports/subtask-log.ts';
import { PRODUCTION_RULES, type ProtocolRules } from '../../../../lib/protocol/rules.ts';
import type {
  DeliveredRecord,
  InvocationOutcome,
  InvocationRequest,
} from '../../../../lib/runtime/invocation/invocation-input.ts';
import { SubtaskHost } from '../../../../lib/runtime/invocation/subtask-host.ts';
import type { SubtaskProgram } from '../../../../lib/runtime/invocation/subtask-program.ts';
import type { InputKind } from '../../../../lib/runtime/invocation/version-maker.ts';
import { COUNTERS, CountProgram, RouterProgram, wordBytes } from './count-programs.ts';

export const RUN = 'run-1';
export const ROUTER: SubtaskId = { run: RUN, vertex: 'route', subtask: 0 };

export function counter(subtask: number): SubtaskId {
  return { run: RUN, vertex: 'count', subtask };
}

const COUNTING = [ROUTER, ...Array.from({ length: COUNTERS }, (_, i) => counter(i))];

/** The programs of a job. */
export interface JobPrograms {
  readonly inputKindOf: (vertex: string) => InputKind;
  readonly create: (subtask: SubtaskId) => Promise<SubtaskProgram>;
}

interface WorldOptions {
  readonly ringSize?: number;
  readonly rules?: ProtocolRules;
  /** Default: words that are routed to their counters. */
  readonly job?: (world: InvocationWorld) => JobPrograms;
}

/** What happens to the next append. */
export type AppendFault = 'lost' | 'landed-but-error' | undefined;

export class InvocationWorld {
  readonly memoryLog: MemorySubtaskLog;
  readonly clock = { now: () => this.now, sleep: async () => {} };
  readonly objects = new MemoryObjectStore(this.clock);
  readonly table = new MemoryKeyedTable();
  readonly streams = new MemoryStreamTransport();
  readonly performed = new Map<string, unknown>();
  readonly performances: string[] = [];
  readonly failures: unknown[] = [];
  /** Counters by scope and name. */
  readonly counts = new Map<string, number>();
  /** Every record that a sender has handed over, whether it arrived or not. */
  readonly sent: OutgoingRecord[] = [];
  readonly programs: (RouterProgram | CountProgram)[] = [];
  readonly rules: ProtocolRules;
  readonly appended: LogItem[] = [];
  appendFaults: AppendFault[] = [];
  sendFaults: ('throw' | 'fail-all' | 'fail-odd' | 'resharded')[] = [];
  /** Runs before an append reaches the log. */
  beforeAppend: ((item: LogItem) => Promise<void>) | undefined;
  reads = 0;
  now = 1_000_000;
  #nonces = 0;
  /** Records of external shards by the subtask that reads them. */
  readonly #shards = new Map<string, DeliveredRecord[]>();
  /** Position of the mapping by subtask. */
  readonly positions = new Map<string, string>();

  readonly #job: JobPrograms;

  constructor({ ringSize = 64, rules = PRODUCTION_RULES, job }: WorldOptions = {}) {
    this.memoryLog = new MemorySubtaskLog(ringSize);
    this.rules = rules;
    this.#job = job?.(this) ?? this.#counting;
  }

  readonly #counting: JobPrograms = {
    inputKindOf: (vertex) => (vertex === 'route' ? 'shards' : 'frames'),
    create: async ({ vertex }) => {
      const program =
        vertex === 'route' ? new RouterProgram(this.#perform) : new CountProgram(this.#perform, 1);
      this.programs.push(program);
      return program;
    },
  };

  host(code = 'code-1'): SubtaskHost {
    return new SubtaskHost({
      ports: {
        log: this.#log(),
        objects: this.objects,
        transport: this.#transport(),
        table: this.table,
        clock: this.clock,
        random: { next: () => 0.5 },
        metrics: { count: (scope, name, by) => this.#count(`${scope} ${name}`, by), gauge: () => {} },
      },
      rules: this.rules,
      code,
      lineage: 1,
      nonce: () => `n${++this.#nonces}`,
      inputKindOf: (vertex) => this.#job.inputKindOf(vertex),
      createProgram: (subtask) => this.#job.create(subtask),
      failRun: async (_, error) => void this.failures.push(error),
    });
  }

  #count(name: string, by: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }

  readonly #perform = (intent: SinkIntent): void => {
    this.performed.set(intent.id, intent.committable);
    this.performances.push(intent.id);
  };

  #log(): SubtaskLog {
    const inner = this.memoryLog;
    return {
      ringSize: inner.ringSize,
      append: (subtask, item) => this.#append(subtask, item),
      readSlot: (subtask, version) => inner.readSlot(subtask, version),
      readFrom: (subtask, from, limit) => {
        this.reads++;
        return inner.readFrom(subtask, from, limit);
      },
      readBase: (subtask) => inner.readBase(subtask),
      moveBase: (subtask, base) => inner.moveBase(subtask, base),
      deleteLog: (subtask) => inner.deleteLog(subtask),
    };
  }

  async #append(subtask: SubtaskId, item: LogItem): Promise<AppendResult> {
    const hook = this.beforeAppend;
    this.beforeAppend = undefined;
    await hook?.(item);
    const fault = this.appendFaults.shift();
    if (fault === 'lost') throw new RetryableError('IO_FAILED', 'nobody knows');
    const result = await this.memoryLog.append(subtask, item);
    if (result.kind === 'accepted') this.appended.push(item);
    if (fault === 'landed-but-error') throw new RetryableError('IO_FAILED', 'nobody knows');
    return result;
  }

  #transport(): StreamTransport {
    return {
      send: async (records) => {
        this.sent.push(...records);
        const fault = this.sendFaults.shift();
        if (fault === 'throw') throw new RetryableError('IO_FAILED', 'nobody knows');
        const fails = (i: number): boolean => fault === 'fail-all' || (fault === 'fail-odd' && i % 2 === 1);
        const outcomes: SendOutcome[] = [];
        for (const [i, record] of records.entries()) outcomes.push(await this.#sendOne(record, fails(i)));
        if (fault !== 'resharded') return outcomes;
        return outcomes.map((outcome) => ({ ...outcome, deliveredTo: 'count/9' }));
      },
    };
  }

  async #sendOne(record: OutgoingRecord, fails: boolean): Promise<SendOutcome> {
    if (fails) return { kind: 'failed', reason: 'throttled' };
    const [outcome] = await this.streams.send([record]);
    return outcome!;
  }

  /** Adds words to the external shard of the router. */
  feed(words: readonly string[], end = false): void {
    for (const [i, word] of words.entries()) {
      this.feedShard('route/0', { bytes: wordBytes(word), endOfShard: end && i === words.length - 1 });
    }
  }

  feedShard(reader: string, record: { readonly bytes: Uint8Array; readonly endOfShard: boolean }): void {
    const records = this.#shards.get(reader) ?? [];
    const sequenceNumber = String(records.length + 1);
    records.push({ shardId: `shard-of-${reader}`, sequenceNumber, arrivedAt: this.now, ...record });
    this.#shards.set(reader, records);
  }

  /** What the mapping would deliver next. */
  pending(subtask: SubtaskId, limit = 1000): readonly DeliveredRecord[] {
    const name = `${subtask.vertex}/${subtask.subtask}`;
    const after = this.positions.get(name);
    const external = this.#shards.get(name);
    if (external !== undefined) return external.slice(Number(after ?? 0)).slice(0, limit);
    return this.streams
      .poll(name, after)
      .slice(0, limit)
      .map(({ sequenceNumber, bytes }) => ({ shardId: 'own', sequenceNumber, bytes, arrivedAt: this.now }));
  }

  /** Delivers up to `limit` records as a mapping does: it moves as far as the outcome allows. */
  async deliver(host: SubtaskHost, subtask: SubtaskId, limit = 1000): Promise<InvocationOutcome> {
    const records = this.pending(subtask, limit);
    const outcome = await this.invoke(host, { subtask, records });
    const failedAt =
      outcome.kind === 'success'
        ? records.length
        : records.findIndex(({ sequenceNumber }) => sequenceNumber === outcome.firstUncommitted);
    const done = failedAt < 0 ? records.at(-1) : records[failedAt - 1];
    if (done !== undefined) this.positions.set(`${subtask.vertex}/${subtask.subtask}`, done.sequenceNumber);
    return outcome;
  }

  invoke(
    host: SubtaskHost,
    call: {
      readonly subtask: SubtaskId;
      readonly records?: readonly DeliveredRecord[];
      readonly request?: InvocationRequest;
      readonly deadline?: number;
    },
  ): Promise<InvocationOutcome> {
    const { subtask, records = [], request, deadline = this.now + 60_000 } = call;
    return host.invoke({ subtask, records, request, deadline });
  }

  tick(host: SubtaskHost, subtask: SubtaskId): Promise<InvocationOutcome> {
    return this.invoke(host, { subtask, request: { kind: 'tick' } });
  }

  /** Delivers until nothing waits anywhere. */
  async drain(host: SubtaskHost, subtasks: readonly SubtaskId[] = COUNTING): Promise<void> {
    let error: unknown;
    for (let round = 0; round < 50; round++) {
      const waiting = subtasks.filter((subtask) => this.pending(subtask).length > 0);
      if (waiting.length === 0) return;
      for (const subtask of waiting) {
        const outcome = await this.deliver(host, subtask);
        if (outcome.kind === 'failed') error = outcome.error;
      }
    }
    throw new Error('records wait for ever', { cause: error });
  }

  /** Every effect, sorted: exactly once means each count of each word once. */
  get outputs(): readonly string[] {
    return [...this.performed.values()].map(String).sort();
  }
}

/** What a sequential count of the words would put out. */
export function sequentialCounts(words: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  return words
    .map((word) => {
      counts.set(word, (counts.get(word) ?? 0) + 1);
      return `${word}=${counts.get(word)}`;
    })
    .sort();
}
