import type { CoordinatorPorts } from '../../coordinator/coordinator-ports.ts';
import type { RunPlan } from '../../coordinator/run-plan.ts';
import type { CommittableId } from '../../core/connector.ts';
import type { KeyedTable } from '../../ports/keyed-table.ts';
import type { StreamTransport } from '../../ports/stream-transport.ts';
import type { ProtocolRules } from '../../protocol/rules.ts';
import type { SubtaskProgram } from '../../runtime/invocation/subtask-program.ts';
import type { CodeOwner, FunctionHost } from './function-pool.ts';
import type { History } from './history.ts';
import type { SimulatedProcess } from './process.ts';

/** A record of an external shard. */
export interface InputRecord {
  readonly bytes: Uint8Array;
  /** Pause before it arrives. Unit: ms of virtual time. */
  readonly afterMs: number;
}

/** An external shard: bounded. */
export interface InputShard {
  readonly name: string;
  /** uid of the source that reads it. */
  readonly source: string;
  /** Shards that were closed for it: it is read when they are read to their ends. */
  readonly parents: readonly string[];
  /** At least one. */
  readonly records: readonly InputRecord[];
}

/** What sinks write to. */
export interface SinkPort {
  /** Keeps the first of what comes under one id. */
  store(id: CommittableId, values: readonly unknown[]): Promise<void>;
}

/** An operator that notes every record it ever gets, by key. */
export interface Ledger {
  /** uid. */
  readonly operator: string;
  /** Name of its list of ids. */
  readonly state: string;
  /** All records of the input, as `key id`. */
  readonly records: readonly string[];
  /** A record as `key id`. */
  readonly textOf: (value: unknown) => string;
}

/** What the code of a function gets in one environment. */
export interface HostPorts extends Pick<CoordinatorPorts, 'log' | 'objects' | 'records' | 'clock' | 'nonce'> {
  readonly process: SimulatedProcess;
  /** Stands between the runtime and every program. */
  readonly wrapProgram: (program: SubtaskProgram) => SubtaskProgram;
  readonly transport: StreamTransport;
  readonly table: KeyedTable | undefined;
  readonly rules: ProtocolRules;
  readonly job: string;
  readonly run: string;
  readonly lineage: number;
  readonly sink: SinkPort;
}

/** A job as it is deployed for one run. */
export interface DeployedJob {
  readonly plan: RunPlan;
  /** Hash of plan and code. */
  readonly code: string;
  /** `other`: the code is that of another run, and writes other rows. */
  createHost(ports: HostPorts, code: CodeOwner): FunctionHost;
}

/** What an assertion about a whole job may look at. */
export interface FinishedJob {
  readonly history: History;
  /** What the sink holds, without what an abandoned run had written. */
  readonly values: readonly unknown[];
  /** Last row by its first word, as a target holds it that refuses older ones. */
  readonly latest: ReadonlyMap<string, unknown>;
  /** The run that finished. */
  readonly run: string;
}

/** A job that the simulator can run: its graph, its input, and what has to come out. */
export interface SimulatedJob {
  readonly name: string;
  readonly shards: readonly InputShard[];
  /** The last record of every shard arrives only when coordinators have done what they have to do. */
  readonly isQuiet: boolean;
  readonly ledger: Ledger | undefined;
  /** Keyed state is in a table. */
  readonly inTable: boolean;
  /** The job with its keyed operators at this parallelism. */
  deploy(parallelism: number): DeployedJob;
  /** Throws AssertionError A14 if the sinks do not hold what a sequential execution writes. */
  checkOutput(job: FinishedJob): void;
}

/** Index of the subtask that reads a shard. */
export function ownerOfShard(shard: string, parallelism: number): number {
  return Number(shard.split('-').at(-1)) % parallelism;
}
