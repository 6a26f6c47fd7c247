/**
 * One invocation of one subtask: load, run, commit, send, report.
 *
 * 1. (I5, I16) Frames are sent and effects performed only from versions that are in the log.
 * 2. (I4) Before a version is made, everything that came before it is acknowledged.
 * 3. (I8) What is reported as processed is committed, and everything up to it is acknowledged.
 * 4. (I9) A version that is lost to another writer takes the replica with it, unless only a coordinator was
 *    faster.
 * 5. (I13) Nothing is put behind a seal.
 */
import { assertNever, FencedError, RetryableError, StreamError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { subtaskPath } from '../../core/log/subtask-id.ts';
import { persistently } from '../../ports/stored-objects.ts';
import { compactReplica } from './compactor.ts';
import { isRepeated, refusalOf } from './finished-input.ts';
import type { DeliveredRecord, InvocationInput, InvocationOutcome } from './invocation-input.ts';
import type { InvocationContext } from './invocation-ports.ts';
import { putItem } from './log-commit.ts';
import { sendFrames, sendHints, sendUnsent } from './outbox-sender.ts';
import { rebase } from './rebase.ts';
import type { Replica } from './replica.ts';
import { applyEntry, catchUp, loadReplica, type ProgramFactory, type ReadEntry } from './subtask-loader.ts';
import { writeRows } from './table-rows.ts';
import type { VersionDraft } from './version-draft.ts';
import { encodeVersion } from './version-encoder.ts';
import { type InputKind, VersionMaker } from './version-maker.ts';
import { reportVersion } from './version-metrics.ts';

export interface InvocationPlan {
  readonly context: InvocationContext;
  readonly input: InvocationInput;
  readonly kind: InputKind;
  readonly create: ProgramFactory;
  /** Taken out of the cache. */
  readonly cached: Replica | undefined;
}

/** What comes of an invocation; the replica is the caller's again, whatever it is worth. */
export interface InvocationResult {
  readonly outcome: InvocationOutcome;
  readonly replica: Replica | undefined;
}

export class Invocation {
  readonly #plan: InvocationPlan;
  readonly #context: InvocationContext;
  readonly #maker: VersionMaker;
  /** Name of this invocation: with the number of the attempt, the nonce of an item. */
  readonly #nonce: string;
  /** What came to a finished log that knows it. */
  readonly #repeated = new Set<DeliveredRecord>();
  #replica: Replica | undefined;
  #attempts = 0;
  #conflicts = 0;

  constructor(plan: InvocationPlan) {
    this.#plan = plan;
    this.#context = plan.context;
    this.#maker = new VersionMaker(plan.context, plan.input, plan.kind);
    this.#nonce = plan.context.nonce();
    this.#replica = plan.cached;
  }

  async run(): Promise<InvocationResult> {
    let error: unknown;
    try {
      await this.#work();
    } catch (thrown) {
      error = thrown;
    }
    return { outcome: this.#outcome(error), replica: this.#replica };
  }

  /** Returns when nothing is left to do. */
  async #work(): Promise<void> {
    await this.#arrive();
    for (;;) {
      const replica = await this.#current();
      this.#checkTime();
      if (this.#isOver(replica)) return this.#refuseRest(replica);
      await this.#release(replica);
      if (!(await this.#makeRoom(replica))) continue;
      const draft = await this.#maker.next(replica);
      if (draft === undefined) return;
      if (draft === 'behind') {
        this.#noteConflict();
        await this.#giveWay();
        continue;
      }
      this.#checkTime();
      await this.#commit(replica, draft);
    }
  }

  async #current(): Promise<Replica> {
    this.#replica ??= await loadReplica(this.#context, this.#plan.create);
    return this.#replica;
  }

  /** A cached replica may be behind: a batch may show it, a request cannot. */
  async #arrive(): Promise<void> {
    const { request } = this.#plan.input;
    const fromCache = this.#replica !== undefined;
    let replica = await this.#current();
    const looksBehind = request !== undefined || this.#maker.looksBehind(replica);
    if (fromCache && looksBehind && !(await catchUp(this.#context, replica))) {
      await this.#discard();
      replica = await this.#current();
    }
    if (request?.kind === 'tick') await this.#repeatWatermarks(replica);
  }

  /** A hint may have been lost, and a subtask at rest has no other way to tell it. */
  async #repeatWatermarks(replica: Replica): Promise<void> {
    if (replica.sealed || replica.watermarksRepeated || replica.version === 0) return;
    const program = await replica.start();
    replica.hints = program.outputWatermarks();
    replica.watermarksRepeated = true;
  }

  /** True if the log is finished. Throws FencedError behind a savepoint, and for the code of another run. */
  #isOver({ vectors }: Replica): boolean {
    const { rules, code, subtask } = this.#context;
    if (!rules.mayCommitCode(vectors.code, code)) {
      throw new FencedError('RUN_FENCED', `${subtaskPath(subtask)} belongs to other code: ${vectors.code}.`);
    }
    const reaction = rules.reactToSeal(vectors.seal);
    switch (reaction) {
      case 'run':
        return false;
      case 'report-consumed':
        return true;
      case 'refuse':
        throw new FencedError('RUN_FENCED', `The log of ${subtaskPath(subtask)} is sealed by a savepoint.`);
      default:
        return assertNever(reaction);
    }
  }

  /** Sends and performs what the log holds and nobody is known to have sent or performed. */
  async #release(replica: Replica): Promise<void> {
    const { rules } = this.#context;
    const { vectors } = replica;
    const proved = rules.inferSentThrough(vectors.unsent, this.#firstOfShards());
    replica.acknowledgedThrough = Math.max(replica.acknowledgedThrough, proved);
    await sendUnsent(this.#context, replica);
    await writeRows(this.#context, replica, () => this.#checkTime());
    const waiting = [...vectors.intents.values()].filter(({ id }) => !replica.performed.has(id));
    if (waiting.length === 0) return;
    await replica.program.perform(waiting);
    for (const { id } of waiting) replica.performed.add(id);
  }

  #firstOfShards(): Readonly<Record<string, string>> {
    const first: Record<string, string> = {};
    for (const { shardId, sequenceNumber } of this.#plan.input.records) first[shardId] ??= sequenceNumber;
    return first;
  }

  /** (I3) False if the replica was of no use for that. */
  async #makeRoom(replica: Replica): Promise<boolean> {
    const { rules, log, subtask } = this.#context;
    const place = { version: replica.version + 1, ringSize: log.ringSize };
    if (!rules.mustCompact({ ...place, base: replica.base })) return true;
    // A coordinator may have moved it.
    replica.base = await persistently(() => log.readBase(subtask));
    if (!rules.mustCompact({ ...place, base: replica.base })) return true;
    if (await compactReplica(this.#context, replica)) return true;
    this.#noteConflict();
    await this.#discard();
    return false;
  }

  async #commit(replica: Replica, draft: VersionDraft): Promise<void> {
    const { rules, log } = this.#context;
    for (let lost = 0; ; lost++) {
      this.#mustBePutable(replica);
      const place = { version: replica.version + 1, ringSize: log.ringSize, base: replica.base };
      if (!rules.hasRoom(place)) return this.#giveWay();
      const nonce = rules.attemptNonce(this.#nonce, ++this.#attempts);
      const { acknowledgedThrough } = replica;
      const entry = await encodeVersion(this.#context, draft, { nonce, acknowledgedThrough });
      if (!rules.sendsOnlyCommitted()) await sendFrames(this.#context, entry.payload.outbox);
      if (rules.mayHint({ committed: false })) {
        await sendHints(this.#context, replica, draft.changes.watermarks);
      }
      if (!rules.performsOnlyCommitted()) await replica.program.perform(entry.payload.intents);
      const { fate, winner } = await putItem(this.#context, entry.item);
      if (fate === 'mine') return this.#settle(replica, draft, entry);
      this.#noteConflict();
      if (!(await rebase(this.#context, replica, lost === 0 ? winner : undefined))) return this.#giveWay();
    }
  }

  #mustBePutable({ version, acknowledgedThrough }: Replica): void {
    if (this.#context.rules.mayPutData({ version, acknowledgedThrough })) return;
    throw new RetryableError('IO_FAILED', `Version ${version} is not sent yet; the next one has to wait.`);
  }

  #settle(replica: Replica, draft: VersionDraft, entry: ReadEntry): void {
    applyEntry(replica, entry);
    reportVersion(this.#context, draft, replica.program.watermark);
    replica.uncommitted = false;
    replica.hints = draft.changes.watermarks;
    replica.watermarksRepeated = false;
  }

  /** Another writer has the version: what user code did here never happened. */
  async #giveWay(): Promise<void> {
    const replica = this.#replica;
    if (replica === undefined) return;
    // Only a rule that was taken out calls such a replica clean.
    const { version, uncommitted, sealed } = replica;
    const kept = this.#context.rules.mayReturnToCache({ version, uncommitted, sealed });
    if (kept && (await catchUp(this.#context, replica))) return;
    await this.#discard();
  }

  async #discard(): Promise<void> {
    const replica = this.#replica;
    this.#replica = undefined;
    await replica?.program.close();
  }

  #noteConflict(): void {
    this.#conflicts++;
    if (this.#context.rules.mayContend(this.#conflicts)) return;
    throw new RetryableError(
      'IO_FAILED',
      `Another writer of ${subtaskPath(this.#context.subtask)} was faster ${this.#conflicts} times.`,
    );
  }

  #checkTime(): void {
    const { clock } = this.#context;
    if (clock.now() + LIMITS.invocationMarginMs < this.#plan.input.deadline) return;
    throw new RetryableError('TIME_OVER', 'The time of this invocation is over; the rest has to come again.');
  }

  /** (I13) Throws for a record that a finished log has not consumed. */
  #refuseRest(replica: Replica): void {
    const { kind } = this.#plan;
    for (const record of this.#maker.todo(replica)) {
      const repeated = kind === 'frames' && isRepeated(this.#context, replica.vectors, record);
      if (!repeated) throw refusalOf(this.#context, record, kind);
      this.#repeated.add(record);
    }
  }

  /** (I8) */
  #outcome(error: unknown): InvocationOutcome {
    const firstUncommitted = this.#unprocessed(error)?.sequenceNumber;
    const end = { failed: error !== undefined, unprocessed: firstUncommitted !== undefined };
    if (this.#context.rules.isSuccess(end)) return { kind: 'success' };
    return { kind: 'failed', firstUncommitted, error };
  }

  #unprocessed(error: unknown): DeliveredRecord | undefined {
    const replica = this.#replica;
    const fenced = error instanceof FencedError;
    return this.#plan.input.records.find((record) => {
      const committed = fenced ? undefined : replica?.vectors.positions.get(record.shardId);
      const acknowledged = replica !== undefined && replica.acknowledgedThrough >= replica.version;
      return !this.#context.rules.isProcessed({
        sequenceNumber: record.sequenceNumber,
        committed,
        repeated: this.#repeated.has(record),
        acknowledged: acknowledged && this.#isPerformed(replica),
        attempted: replica !== undefined,
      });
    });
  }

  #isPerformed({ vectors, performed }: Replica): boolean {
    return [...vectors.intents.keys()].every((id) => performed.has(id));
  }
}

/** True if running again may help. */
export function isPassing(error: unknown): boolean {
  return error instanceof StreamError && (error instanceof RetryableError || error instanceof FencedError);
}
