/**
 * The external shards of a job: records arrive in them at their times, and every run reads them from its
 * positions on.
 */
import type { RunPlan } from '../../coordinator/run-plan.ts';
import type { SubtaskId } from '../../core/log/subtask-id.ts';
import type { EventSourceMapping, MappingOptions } from './event-source-mapping.ts';
import type { Scheduler } from './scheduler.ts';
import { Shard } from './shard.ts';
import { ownerOfShard, type SimulatedJob } from './simulated-job.ts';

/** What of a shard a run reads. */
export type ShardReading = Pick<MappingOptions, 'shard' | 'from' | 'mayRead' | 'drained'>;

/** A run that is to get its input. */
export interface ReadingRun {
  readonly id: string;
  readonly plan: RunPlan;
  /** Sequence number up to which it has consumed a shard. */
  readonly positionOf: (subtask: SubtaskId, shard: string) => string;
  readonly createMapping: (subtask: SubtaskId, reading: ShardReading) => EventSourceMapping;
}

export class ExternalInput {
  readonly #scheduler: Scheduler;
  readonly #job: SimulatedJob;
  readonly #shards: ReadonlyMap<string, Shard>;
  readonly #mappings = new Map<string, EventSourceMapping[]>();
  readonly #held: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  #left = 0;

  constructor(scheduler: Scheduler, job: SimulatedJob) {
    this.#scheduler = scheduler;
    this.#job = job;
    this.#shards = new Map(job.shards.map(({ name }) => [name, new Shard(name)]));
  }

  /** True if every record has arrived. */
  get complete(): boolean {
    return this.#left === 0;
  }

  /** True if nothing arrives any more but what is held back. */
  get resting(): boolean {
    return this.#left === this.#held.length;
  }

  /** Calls back when nothing arrives any more but what is held back. */
  whenResting(react: () => void): void {
    if (this.resting) react();
    else this.#waiting.push(react);
  }

  /** Lets records arrive. */
  start(): void {
    for (const { name, records } of this.#job.shards) {
      let at = 0;
      records.forEach((record, position) => {
        at += record.afterMs;
        this.#left++;
        const last = position === records.length - 1;
        const arrive = () => this.#arrive(name, record.bytes, last);
        if (last && this.#job.isQuiet) this.#held.push(arrive);
        else this.#scheduler.after(at, arrive);
      });
    }
  }

  /** Lets the last records arrive, behind all others. */
  release(delayMs: () => number): void {
    if (!this.resting) {
      this.#scheduler.after(1000, () => this.release(delayMs));
      return;
    }
    for (const arrive of this.#held.splice(0)) this.#scheduler.after(delayMs(), arrive);
  }

  #arrive(name: string, bytes: Uint8Array, last: boolean): void {
    const shard = this.#shards.get(name);
    if (shard === undefined) return;
    shard.add(bytes, this.#scheduler.now);
    if (last) shard.close();
    this.#left--;
    if (this.resting) for (const react of this.#waiting.splice(0)) react();
    for (const mapping of this.#mappings.get(name) ?? []) mapping.notice();
  }

  /** What is in the shards behind these positions. */
  behind(positions: ReadonlyMap<string, string>): readonly Uint8Array[] {
    return this.#job.shards.flatMap(({ name, records }) => {
      const position = positions.get(name) ?? '';
      const consumed = position === '' ? 0 : (this.#shards.get(name)?.indexBehind(position) ?? 0);
      return records.slice(consumed).map(({ bytes }) => bytes);
    });
  }

  /** Lets a run read the shards; `lead` says how many records before its position a mapping begins. */
  connect(run: ReadingRun, lead: () => number): void {
    const ofRun = new Map<string, EventSourceMapping>();
    for (const { name, source, parents } of this.#job.shards) {
      const vertex = run.plan.vertices.find(({ operators }) => operators[0]?.id === source);
      const shard = this.#shards.get(name);
      if (vertex === undefined || shard === undefined) continue;
      const subtask = { run: run.id, vertex: vertex.id, subtask: ownerOfShard(name, vertex.parallelism) };
      // A mapping begins at a time, so a little before the position: the end of a shard is always told.
      const from = Math.max(0, shard.indexBehind(run.positionOf(subtask, name)) - lead());
      const mapping = run.createMapping(subtask, {
        ...{ shard, from },
        mayRead: () => parents.every((parent) => ofRun.get(parent)?.finished === true),
        drained: () => {
          for (const other of ofRun.values()) other.notice();
        },
      });
      ofRun.set(name, mapping);
      this.#mappings.set(name, [...(this.#mappings.get(name) ?? []), mapping]);
    }
    for (const mapping of ofRun.values()) mapping.notice();
  }
}
