/**
 * The state of one job on the disk: a log for each subtask, and records of the run and its progress.
 *
 * 1. A commit is one transaction (I1, I2): the items of all subtasks, progress and, when a base is written,
 *    the objects of the new base instead of those of the old one.
 * 2. A job whose operators or parallelism have changed begins a new run, whose first items are a base; until
 *    they are in, the former run is what is restored.
 */
import { createHash } from 'node:crypto';
import { type RecordChange, SqliteStore, type StoreCommit } from '../adapters/sqlite/sqlite-store.ts';
import { InvariantError } from '../core/errors.ts';
import { encodeKey } from '../core/key.ts';
import type { OperatorRowChanges, PlaceRow } from '../core/log/keyed-row.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import type { VertexLayout } from '../graph/state-layout.ts';
import type { GraphStructure } from '../graph/structure.ts';
import type { JobRecord } from '../ports/job-records.ts';
import { StateImage } from '../protocol/state-image.ts';
import type { CommitPlace } from '../runtime/task/sink-operator.ts';
import type { JobImage } from '../savepoint/savepoint-image.ts';
import { connectorsOf, requireSameConnectors } from './connector-change.ts';
import { type RunChange, RunLog } from './run-log.ts';
import { PROGRESS_KEY, type ProgressRecord, RUN_KEY, type RunRecord } from './run-records.ts';
import { jobImageOf, type RestoredSavepoint, sharesOfSavepoint } from './savepoint-state.ts';
import { redistribute, STATE_DIRECTORY, type SubtaskShare } from './state-redistribution.ts';
import { readSubtask, type StoredSize } from './subtask-state.ts';
import { type TableCommit, TableMove } from './table-state.ts';

/** The graph that is to run. */
export interface RestoreOptions {
  readonly structure: GraphStructure;
  readonly layout: readonly VertexLayout[];
  readonly allowNonRestored: boolean;
  /** When the job begins or goes on. Unit: ms since the epoch. */
  readonly now: number;
  /** What a job without state of its own begins with. */
  readonly savepoint?: RestoredSavepoint | undefined;
}

/** Takes a share of the state of a subtask. */
export type ApplyState = (
  subtask: { readonly vertex: string; readonly subtask: number },
  deltas: readonly OperatorDelta[],
) => void;

/** A record with the revision at which it may be changed; undefined before it is written. */
interface Stored<T> {
  readonly revision: number;
  readonly value: T;
}

/** What is made durable at once. */
export interface CommitChange extends Omit<RunChange, 'processingTime'> {
  /** Undefined if no keyed state is in the table. */
  readonly rows?: readonly OperatorRowChanges[];
}

/** The part of progress that the job knows. */
export type JobProgress = Omit<ProgressRecord, 'version' | 'restarts' | 'finished'>;

export class StateDirectory {
  readonly folder: string;
  readonly #store: SqliteStore;
  #run: Stored<RunRecord> | undefined;
  #progress: Stored<ProgressRecord> | undefined;
  /** Set by `restore`. */
  #next: { readonly record: RunRecord; readonly log: RunLog } | undefined;
  /** What the first commit of a new run does to the table. */
  #move: TableCommit | undefined;
  #restarts = 0;
  #restored = false;

  private constructor(folder: string, store: SqliteStore) {
    this.folder = folder;
    this.#store = store;
  }

  /** Opens the directory, which is made if it is missing, and locks it. Throws UserError STATE_…. */
  static async open(folder: string, jobName: string): Promise<StateDirectory> {
    const store = SqliteStore.open(folder, { jobName });
    try {
      const directory = new StateDirectory(folder, store);
      directory.#run = stored(await store.records.get(RUN_KEY));
      directory.#progress = stored(await store.records.get(PROGRESS_KEY));
      return directory;
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /** True if there is a state in `folder`, whoever's. */
  static exists(folder: string): boolean {
    return SqliteStore.exists(folder);
  }

  /**
   * Removes the state of the job, also a damaged one, once `check` has resolved.
   *
   * Throws what `check` throws, or UserError STATE_DIR_LOCKED, STATE_DIR_FOREIGN, STATE_DIR_UNUSABLE.
   */
  static discard(folder: string, jobName: string, check: () => Promise<void>): Promise<void> {
    return SqliteStore.discard(folder, { jobName }, check);
  }

  /** The last commit; undefined if there was none. */
  get progress(): ProgressRecord | undefined {
    return this.#progress?.value;
  }

  /** How often the job has gone on, this time included. */
  get restarts(): number {
    return this.#restarts;
  }

  /** True if there was state to go on from, once `restore` has resolved. */
  get restored(): boolean {
    return this.#restored;
  }

  /** True if the next commit must have the scope `all`. */
  get needsBase(): boolean {
    return this.#started().log.needsBase;
  }

  /** What names the committables of the next commit. */
  get nextCommit(): CommitPlace {
    const { record, log } = this.#started();
    return { lineage: record.lineage, version: log.version + 1 };
  }

  /**
   * Hands the state of the last commit to `apply`, in the order in which it arose, for the subtasks of the
   * graph that is to run, or that of a savepoint if there was no commit; nothing if there is neither.
   *
   * Throws UserError STATE_NOT_RESTORED, STATE_INCOMPATIBLE, STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED.
   */
  async restore(options: RestoreOptions, apply: ApplyState): Promise<void> {
    const { structure, layout, allowNonRestored, now, savepoint } = options;
    const code = createHash('sha256').update(JSON.stringify(structure)).digest('hex');
    const [before, progress] = [this.#run?.value, this.#progress?.value];
    const next = { structure, layout, formerRuns: [] };
    this.#restored = progress !== undefined || savepoint !== undefined;
    if (before === undefined || progress === undefined) {
      if (savepoint !== undefined) {
        const move = new TableMove(this.#store.keyed, { from: 'heap', to: structure.stateBackend });
        this.#hand(sharesOfSavepoint(savepoint, options), move, apply);
      }
      const log = new RunLog({ run: '1', code }, savepoint && []);
      this.#next = { log, record: { ...next, run: log.run, lineage: now } };
      return;
    }
    requireSameConnectors(connectorsOf(before.structure), connectorsOf(structure), STATE_DIRECTORY);
    this.#restarts = progress.restarts + 1;
    for (const run of before.formerRuns) await this.#store.log.deleteRun(run);
    const sameBackend = before.structure.stateBackend === structure.stateBackend;
    if (sameBackend && JSON.stringify(before.layout) === JSON.stringify(layout)) {
      const log = new RunLog({ run: before.run, code }, undefined);
      log.resume(progress.version, await this.#read(before, progress.version, apply));
      this.#next = { log, record: { ...next, run: log.run, lineage: before.lineage } };
      return;
    }
    const { former, objects } = await this.#image(before, progress.version);
    const move = new TableMove(this.#store.keyed, {
      from: before.structure.stateBackend,
      to: structure.stateBackend,
    });
    move.addRows(former);
    const shares = redistribute(former, layout, { allowNonRestored, origin: STATE_DIRECTORY });
    this.#hand(shares, move, apply);
    const log = new RunLog({ run: `${Number(before.run) + 1}`, code }, objects);
    const formerRuns = [...before.formerRuns, before.run];
    const lineage = Math.max(now, before.lineage + 1);
    this.#next = { log, record: { ...next, run: log.run, lineage, formerRuns } };
  }

  /** The whole state of the last commit, whoever wrote it; undefined if there was none. */
  async image(): Promise<JobImage | undefined> {
    const [run, progress] = [this.#run?.value, this.#progress?.value];
    if (run === undefined || progress === undefined) return undefined;
    const { former } = await this.#image(run, progress.version);
    const { stateBackend } = run.structure;
    new TableMove(this.#store.keyed, { from: stateBackend, to: 'heap' }).addRows(former);
    return jobImageOf(run.structure, former);
  }

  /** Records that the job goes on, before its first record; for a new run that is its first commit. */
  recordRestart(): void {
    const progress = this.progress;
    if (progress === undefined || this.#started().log.version === 0) return;
    this.#write({}, { ...progress, restarts: this.#restarts });
  }

  /** The rows of a key of an operator whose keyed state is in the table, as of the last commit. */
  readKey(operator: string, key: unknown): readonly PlaceRow[] {
    return this.#store.keyed.readKey(operator, encodeKey(key));
  }

  /**
   * Makes a change durable, rows of keyed state with it.
   *
   * Throws UserError STATE_DIR_FULL or RetryableError IO_FAILED.
   */
  commit(change: CommitChange, progress: JobProgress): void {
    const { log } = this.#started();
    const processingTime = Math.max(progress.committedAt, this.progress?.committedAt ?? 0);
    const { commit, done } = log.next({ ...change, processingTime });
    const { finished } = change;
    const record = { ...progress, finished, version: log.version + 1, restarts: this.#restarts };
    const rows = [...(this.#move?.rows ?? []), ...(change.rows ?? [])];
    this.#write({ ...commit, rows, droppedRows: this.#move?.droppedRows ?? [] }, record);
    this.#move = undefined;
    done();
  }

  /** Gives the room of the run back that this one has continued; after its first commit. */
  async forgetFormerRuns(): Promise<void> {
    for (const run of this.#started().record.formerRuns) await this.#store.log.deleteRun(run);
  }

  close(): void {
    this.#store.close();
  }

  #write(commit: StoreCommit, progress: ProgressRecord): void {
    const { record } = this.#started();
    const records: RecordChange[] = [
      { key: PROGRESS_KEY, revision: this.#progress?.revision, value: progress },
    ];
    const runChanged = JSON.stringify(this.#run?.value) !== JSON.stringify(record);
    if (runChanged) records.push({ key: RUN_KEY, revision: this.#run?.revision, value: record });
    const result = this.#store.commit({ ...commit, records });
    if (result.kind !== 'accepted') {
      throw new InvariantError('INVARIANT', `${this.folder} was changed by another writer: ${result.kind}.`);
    }
    this.#progress = { revision: (this.#progress?.revision ?? 0) + 1, value: progress };
    if (runChanged) this.#run = { revision: (this.#run?.revision ?? 0) + 1, value: record };
  }

  async #read({ run, layout }: RunRecord, head: number, apply: ApplyState): Promise<readonly StoredSize[]> {
    const sizes: StoredSize[] = [];
    for (const { id: vertex, parallelism } of layout) {
      for (let subtask = 0; subtask < parallelism; subtask++) {
        const place = { vertex, subtask };
        const id = { run, ...place };
        sizes.push(await readSubtask(this.#store, { subtask: id, head }, (deltas) => apply(place, deltas)));
      }
    }
    return sizes;
  }

  /** The whole state of a run whose graph is no more. */
  async #image(before: RunRecord, head: number) {
    const former = before.layout.map((layout) => ({
      layout,
      images: Array.from({ length: layout.parallelism }, () => new StateImage()),
    }));
    const imageOf = new Map(
      former.flatMap(({ layout, images }) => images.map((image, i) => [`${layout.id}/${i}`, image])),
    );
    const sizes = await this.#read(before, head, ({ vertex, subtask }, deltas) => {
      for (const delta of deltas) imageOf.get(`${vertex}/${subtask}`)?.apply(delta);
    });
    return { former, objects: sizes.flatMap(({ objects }) => objects) };
  }

  #hand(shares: readonly SubtaskShare[], move: TableMove, apply: ApplyState): void {
    for (const share of shares) apply(share, share.deltas);
    this.#move = move.firstCommit(shares);
  }

  #started() {
    if (this.#next !== undefined) return this.#next;
    throw new InvariantError('INVARIANT', `${this.folder} was used before its state was restored.`);
  }
}

/** Both records are written by this class alone, in a database of this format. */
function stored<T>(record: JobRecord | undefined): Stored<T> | undefined {
  return record as Stored<T> | undefined;
}
