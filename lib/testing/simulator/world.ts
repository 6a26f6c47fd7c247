/**
 * The simulated world of one job: services that keep everything, shards with their mappings, functions with
 * their environments, and coordinators. Everything that happens is drawn from one seed.
 */
import type { CoordinatorPorts } from '../../coordinator/coordinator-ports.ts';
import { type RunPlan, subtaskName, subtasksOf } from '../../coordinator/run-plan.ts';
import { RetryableError } from '../../core/errors.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import type { KeyedTable } from '../../ports/keyed-table.ts';
import type { OutgoingRecord } from '../../ports/stream-transport.ts';
import type { SubtaskRequest } from '../../ports/subtask-invoker.ts';
import type { SubtaskLog } from '../../ports/subtask-log.ts';
import type { ProtocolRules } from '../../protocol/rules.ts';
import type { SubtaskProgram } from '../../runtime/invocation/subtask-program.ts';
import { AssertionError } from './assertion-error.ts';
import { EventSourceMapping } from './event-source-mapping.ts';
import { ExternalInput, type ShardReading } from './external-input.ts';
import { type FaultMix, NO_FAULTS } from './fault-mix.ts';
import { type FunctionHost, FunctionPool, type FunctionResult } from './function-pool.ts';
import { History } from './history.ts';
import { type LogDefects, LogService } from './log-service.ts';
import { ObjectService } from './object-service.ts';
import { SimulatedProcess } from './process.ts';
import { logOf, objectsOf, recordsOf, type StreamService, transportOf } from './process-ports.ts';
import { tableOf } from './process-table.ts';
import { RecordService } from './record-service.ts';
import type { Scheduler } from './scheduler.ts';
import type { SeededRandom } from './seeded-random.ts';
import { Shard } from './shard.ts';
import type { DeployedJob, HostPorts, SimulatedJob, SinkPort } from './simulated-job.ts';
import { SinkService, type UpsertGuard } from './sink-service.ts';
import { TableService } from './table-service.ts';

/** Name under which positions of a subtask count its own stream. */
const OWN_STREAM = 'self';
/** Share of the invocations after which the cache is compared with the log. */
const CACHE_CHECKS = 0.15;

/** How the world may break its contracts, for mutants. */
export interface WorldDefects {
  readonly log: LogDefects;
  readonly overwritesObjects: boolean;
  /** How the target of sinks decides which of two rows stays. */
  readonly upsertGuard: UpsertGuard;
  /** Stands between the runtime and every program. */
  readonly wrapProgram: (program: SubtaskProgram) => SubtaskProgram;
}

export interface WorldOptions {
  readonly scheduler: Scheduler;
  readonly job: SimulatedJob;
  readonly jobName: string;
  readonly faults: FaultMix;
  readonly rules: ProtocolRules;
  readonly defects: WorldDefects;
  /** The log as coordinators see it. */
  readonly coordinatorLog: (log: SubtaskLog) => SubtaskLog;
  /** Is told of every change of a record. */
  readonly recordChanged: (key: string, before: unknown, after: unknown) => void;
}

/** A run with what serves it. */
interface LiveRun {
  readonly id: string;
  readonly deployed: DeployedJob;
  readonly pools: ReadonlyMap<string, FunctionPool>;
  readonly mappings: EventSourceMapping[];
}

export class World {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly history: History;
  readonly log: LogService;
  readonly objects: ObjectService;
  readonly records: RecordService;
  readonly sink: SinkService;
  readonly table = new TableService();
  readonly input: ExternalInput;
  readonly #options: WorldOptions;
  readonly #runs = new Map<string, LiveRun>();
  readonly #streams = new Map<string, { readonly shard: Shard; readonly mappings: EventSourceMapping[] }>();
  /** Runs whose input was taken away. */
  readonly #gone = new Set<string>();
  /** Streams are used again by the next run. */
  readonly #sharesStreams: boolean;
  readonly #environmentsMax: number;
  readonly #timeoutMs: number;
  #healed = false;
  #throttledUntil = 0;
  #pausedUntil = 0;

  constructor(options: WorldOptions) {
    const { scheduler, defects, recordChanged, job } = options;
    this.#options = options;
    this.scheduler = scheduler;
    this.random = scheduler.random.fork();
    const ringSize = this.random.pick([4, 8, 8, 16, 64]);
    this.#sharesStreams = this.random.chance(0.5);
    this.#environmentsMax = this.random.pick([1, 2, 4]);
    this.#timeoutMs = this.random.pick([60_000, 15 * 60_000]);
    this.objects = new ObjectService({
      now: () => scheduler.now,
      overwrites: defects.overwritesObjects,
      rewritten: (name) => {
        throw new AssertionError('A12', `the name ${name} is written twice, with different bytes`);
      },
      deleted: (names) => this.history.deleted(names),
    });
    this.history = new History({
      ringSize,
      objectOf: (name) => this.objects.get(name),
      streamName: OWN_STREAM,
    });
    this.log = new LogService(ringSize, this.history, defects.log);
    this.records = new RecordService(recordChanged);
    this.sink = new SinkService(defects.upsertGuard);
    this.input = new ExternalInput(scheduler, job);
  }

  readonly faults = (): FaultMix => (this.#healed ? NO_FAULTS : this.#options.faults);

  /** From now on nothing goes wrong any more. */
  heal(): void {
    this.#healed = true;
    this.#throttledUntil = 0;
    for (const { pools } of this.#runs.values()) for (const pool of pools.values()) pool.mend();
    this.#resume();
  }

  get isPaused(): boolean {
    return this.scheduler.now < this.#pausedUntil;
  }

  /** Lets the records of the external shards arrive, and sends be throttled now and then. */
  start(): void {
    this.input.start();
    this.#throttleSometimes();
  }

  /** Lets the last records arrive, behind all others. */
  release(): void {
    this.input.release(() => this.random.between(1, 5000));
  }

  #throttleSometimes(): void {
    // A pause lasts days: nothing is sent then.
    this.scheduler.after(this.isPaused ? 3_600_000 : 10_000, () => {
      if (this.random.chance(this.faults().throttleBurst)) {
        this.#throttledUntil = this.scheduler.now + this.random.spread(1000, 120_000);
      }
      if (!this.#healed) this.#throttleSometimes();
    });
  }

  createProcess(name: string): SimulatedProcess {
    const { clockSkewMs } = this.faults();
    return new SimulatedProcess({
      name,
      scheduler: this.scheduler,
      faults: this.faults,
      skewMs: clockSkewMs === 0 ? 0 : this.random.between(-clockSkewMs, clockSkewMs),
    });
  }

  coordinatorPorts(process: SimulatedProcess): CoordinatorPorts {
    return {
      log: this.#options.coordinatorLog(logOf(process, this.log)),
      objects: objectsOf(process, this.objects),
      table: this.#tableOf(process),
      records: recordsOf(process, this.records),
      invoker: { invoke: (subtask, request) => this.#invoke(process, subtask, request) },
      clock: process.clock,
      rules: this.#options.rules,
      nonce: process.nonce,
    };
  }

  #tableOf(process: SimulatedProcess): KeyedTable | undefined {
    return this.#options.job.inTable ? tableOf(process, this.table) : undefined;
  }

  async #invoke(process: SimulatedProcess, subtask: SubtaskId, request: SubtaskRequest): Promise<void> {
    const result = await process.call({
      what: `invoke ${subtaskPath(subtask)} ${request.kind}`,
      kind: 'write',
      effect: () =>
        new Promise<FunctionResult>((resolve) => {
          this.#poolOf(subtask).invoke(subtask, { kind: 'request', request }, (answer) => {
            process.respond(5, () => resolve(answer));
          });
        }),
    });
    if (result.kind === 'success') return;
    throw new RetryableError('IO_FAILED', `Invoking ${subtaskPath(subtask)} failed.`, {
      cause: result.error,
    });
  }

  #poolOf({ run, vertex }: SubtaskId): FunctionPool {
    const pool = this.#runs.get(run)?.pools.get(vertex);
    if (pool === undefined)
      throw new RetryableError('IO_FAILED', `There is no function for ${vertex} of ${run}.`);
    return pool;
  }

  /** Provides the functions of a run; nothing invokes them yet. */
  deploy(run: string, deployed: DeployedJob): void {
    if (this.#runs.has(run)) return;
    const pools = new Map<string, FunctionPool>();
    for (const { id } of deployed.plan.vertices) {
      pools.set(
        id,
        new FunctionPool({
          name: `${run}.${id}`,
          scheduler: this.scheduler,
          faults: this.faults,
          createHost: (process, code) => deployed.createHost(this.#hostPorts(process, run), code),
          mayMistake: () => this.#hasBegun(run, deployed),
          returned: (subtask, host) => this.#checkCache(subtask, host),
          timeoutMs: this.#timeoutMs,
          environmentsMax: this.#environmentsMax,
        }),
      );
    }
    this.#runs.set(run, { id: run, deployed, pools, mappings: [] });
  }

  /** A3, now and then: it costs a fold of the whole log. */
  #checkCache(subtask: SubtaskId, host: FunctionHost): void {
    if (!this.random.chance(CACHE_CHECKS)) return;
    const cached = host.cached(subtask);
    if (cached !== undefined) this.history.checkCache(subtask, cached);
  }

  /** True if every log says to which code it belongs. */
  #hasBegun(run: string, { plan }: DeployedJob): boolean {
    return subtasksOf(plan, run).every((subtask) => this.history.of(subtask).head !== undefined);
  }

  #hostPorts(process: SimulatedProcess, run: string): HostPorts {
    const { jobName: job } = this.#options;
    // Nothing is invoked before the record of its run says in which lineage it is.
    const record = this.records.get(`run/${job}/${run}`);
    const lineage = Number(Object(record?.value).lineage);
    return {
      ...{ job, run, lineage },
      process,
      wrapProgram: this.#options.defects.wrapProgram,
      log: logOf(process, this.log, () => process.random.chance(this.faults().contention)),
      objects: objectsOf(process, this.objects),
      table: this.#tableOf(process),
      records: recordsOf(process, this.records),
      transport: transportOf(process, this.#streamService(run)),
      sink: sinkOf(process, this.sink),
      clock: process.clock,
      nonce: process.nonce,
      rules: this.#options.rules,
    };
  }

  #streamService(run: string): StreamService {
    return {
      faults: this.faults,
      throttled: () => this.scheduler.now < this.#throttledUntil,
      deliver: (record, earlier) => this.#deliver(run, record, earlier),
    };
  }

  #deliver(run: string, record: OutgoingRecord, earlier: number): string {
    const { shard, mappings } = this.#streamOf(run, record.target);
    const number = shard.add(record.bytes, this.scheduler.now, earlier);
    const before = this.history.delivered(record, number);
    if (before !== undefined && this.random.chance(this.faults().expire) && shard.drop(before)) {
      this.scheduler.log('world', `loses ${before} of ${run}/${record.target}`);
      this.history.expired(`${run}/${record.target}`, before);
    }
    for (const mapping of mappings) mapping.notice();
    return number;
  }

  #streamOf(run: string, target: string) {
    const name = this.#sharesStreams ? target : `${run}/${target}`;
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = { shard: new Shard(OWN_STREAM), mappings: [] };
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /** Lets a run get its input: external shards from its positions on, its own streams from the start. */
  connect(run: string): void {
    const live = this.#runs.get(run);
    if (live === undefined || live.mappings.length > 0 || this.#gone.has(run)) return;
    this.scheduler.log('world', `connects ${run}`);
    const { plan } = live.deployed;
    this.input.connect(
      {
        ...{ id: run, plan },
        positionOf: (subtask, shard) => this.history.of(subtask).fold.positions.get(shard) ?? '',
        createMapping: (subtask, reading) => this.#mapping(live, subtask, reading),
      },
      () => this.random.between(1, 3),
    );
    for (const subtask of subtasksOf(plan, run)) {
      if (isSource(plan, subtask)) continue;
      const stream = this.#streamOf(run, subtaskName(subtask));
      const mapping = this.#mapping(live, subtask, {
        ...{ shard: stream.shard, from: 0 },
        mayRead: () => true,
        drained: () => {},
      });
      stream.mappings.push(mapping);
      mapping.notice();
    }
  }

  #mapping(live: LiveRun, subtask: SubtaskId, reading: ShardReading): EventSourceMapping {
    const mapping = new EventSourceMapping({
      ...reading,
      subtask,
      scheduler: this.scheduler,
      faults: this.faults,
      invoke: (id, input, done) => this.#poolOf(id).invoke(id, input, done),
      moved: (id, name, number) => {
        try {
          this.history.moved(id, name, number);
        } catch (error) {
          this.scheduler.fail(error);
        }
      },
    });
    live.mappings.push(mapping);
    return mapping;
  }

  /** Takes the input of a run away. */
  disconnect(run: string): void {
    this.#gone.add(run);
    for (const mapping of this.#runs.get(run)?.mappings ?? []) mapping.delete();
  }

  /** Stops all input for a while; environments stay frozen as they are. */
  pause(ms: number): void {
    if (this.#healed) return;
    this.scheduler.log('world', `all input pauses for ${ms} ms`);
    this.#pausedUntil = Math.max(this.#pausedUntil, this.scheduler.now + ms);
    for (const mapping of this.#allMappings()) mapping.pause();
    this.scheduler.after(ms, () => this.#resume());
  }

  #resume(): void {
    if (this.scheduler.now < this.#pausedUntil && !this.#healed) return;
    this.#pausedUntil = 0;
    for (const mapping of this.#allMappings()) mapping.resume();
  }

  #allMappings(): readonly EventSourceMapping[] {
    return [...this.#runs.values()].flatMap(({ mappings }) => mappings);
  }
}

function isSource(plan: RunPlan, { vertex }: SubtaskId): boolean {
  return plan.vertices.some(({ id, source }) => id === vertex && source);
}

function sinkOf(process: SimulatedProcess, service: SinkService): SinkPort {
  return {
    store: (id, values) => {
      const kept = structuredClone(values);
      return process.call({ what: `store ${id.text}`, kind: 'write', effect: () => service.store(id, kept) });
    },
  };
}
