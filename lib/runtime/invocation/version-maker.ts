/**
 * Decides what the next version of a subtask does, and runs its user code.
 *
 * 1. An inbox is consumed, in bounded shares, before the first frame of the stream.
 * 2. A request that finds nothing to do makes no version: a subtask at rest stays at rest. (I4) What was sent
 *    or performed since the last version is written down once, by a tick.
 * 3. (I13) The finished seal is the last thing, once all input has ended and everything is sent.
 */
import { decodeFrame } from '../../core/codec/frame-codec.ts';
import { decodeInbox } from '../../core/codec/inbox-codec.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Frame, WatermarkHint } from '../../core/log/frame.ts';
import { readObject } from '../../ports/stored-objects.ts';
import { DRAINED_INPUT, ENDED_INPUT, isDrained, OPENED_INPUT } from '../../protocol/drain.ts';
import { isConsumed } from '../../protocol/input-accounting.ts';
import { inputChannelKey, parkedKey } from '../../protocol/subtask-vectors.ts';
import { type ArrivedMessage, decodeRecord, FrameIntake } from './frame-intake.ts';
import { pullFrames } from './frame-pull.ts';
import type { DeliveredRecord, InvocationInput } from './invocation-input.ts';
import type { InvocationContext } from './invocation-ports.ts';
import type { VersionInput } from './key-demand.ts';
import type { Replica } from './replica.ts';
import type { ShardChange, SubtaskProgram } from './subtask-program.ts';
import { prefetchRows, requireFittingRows } from './table-rows.ts';
import { VersionDraft } from './version-draft.ts';
import { wakesInVain } from './version-due.ts';
import { recordsIn } from './version-metrics.ts';

/** What the subtask reads, as its deployment knows it. */
export type InputKind = 'frames' | 'shards' | 'polled';

export class VersionMaker {
  readonly #context: InvocationContext;
  readonly #input: InvocationInput;
  readonly #kind: InputKind;

  constructor(context: InvocationContext, input: InvocationInput, kind: InputKind) {
    this.#context = context;
    this.#input = input;
    this.#kind = kind;
  }

  /**
   * Records of the batch that the replica has not consumed, and those that end a shard of which it does not
   * know: the run before may have consumed them. Nothing once the source is drained.
   */
  todo({ vectors }: Replica): readonly DeliveredRecord[] {
    if (isDrained(vectors.watermarks)) return [];
    return this.#input.records.filter(
      ({ shardId, sequenceNumber, endOfShard }) =>
        !isConsumed(sequenceNumber, vectors.positions.get(shardId)) ||
        (endOfShard === true && vectors.watermarks.get(inputChannelKey(shardId, ''))?.ended !== true),
    );
  }

  /** True if a frame of the batch shows that the replica may be behind its log. */
  looksBehind(replica: Replica): boolean {
    if (this.#kind !== 'frames') return false;
    const [first] = this.todo(replica);
    if (first === undefined) return false;
    const frame = decodeFrame(first.bytes, `Record ${first.sequenceNumber} of ${first.shardId}`);
    if (frame.kind === 'hint' || frame.run !== this.#context.subtask.run) return false;
    const { consumed, parked } = replica.vectors;
    return frame.cseq > (consumed.get(frame.upstream) ?? 0) + 1 && !parked.has(parkedKey(frame));
  }

  /**
   * The next version, run but not committed; undefined if there is nothing to do, `behind` if the replica has
   * turned out to be behind its log.
   */
  async next(replica: Replica): Promise<VersionDraft | 'behind' | undefined> {
    const { rules, clock } = this.#context;
    const { vectors } = replica;
    const draft = new VersionDraft(vectors, rules.processingTimeOf(vectors.processingTime, clock.now()));
    draft.performed = [...replica.performed].filter((id) => vectors.intents.has(id));
    const todo = this.#slice(this.todo(replica));
    const inherits = rules.consumesInboxFirst(vectors.inboxPending);
    if (inherits || todo.length > 0 || this.#isAsked(draft)) {
      if (!(await this.#run(replica, draft, { todo: inherits ? [] : todo, inherits }))) return 'behind';
      if (!draft.isEmpty) return draft;
      replica.uncommitted = false;
    }
    if (await this.#mayFinish(replica)) {
      draft.finishes = true;
      return draft;
    }
    return (await this.#mustNote(replica, draft)) ? draft : undefined;
  }

  #isAsked(draft: VersionDraft): boolean {
    const asked = this.#isTimeForTick(draft) || this.#mustDrain(draft) || this.#reshards() !== undefined;
    return asked || this.#mayPoll(draft);
  }

  /** While there is time for another version: what is left is read in the next invocation. */
  #mayPoll({ vectors }: VersionDraft): boolean {
    const { request, deadline } = this.#input;
    if (this.#kind !== 'polled' || request?.kind !== 'tick' || isDrained(vectors.watermarks)) return false;
    return this.#context.clock.now() + LIMITS.pollMarginMs < deadline;
  }

  #reshards(): ShardChange | undefined {
    const { request } = this.#input;
    return request?.kind === 'reshard' && this.#kind === 'shards' ? request : undefined;
  }

  /**
   * Timers and gaps that are due, and the beginning of a source; only for a tick: a batch runs its timers
   * with its records.
   */
  #isTimeForTick({ vectors, processingTime }: VersionDraft): boolean {
    if (this.#input.request?.kind !== 'tick') return false;
    if (vectors.version === 0 && this.#kind === 'shards') return true;
    return vectors.due !== undefined && vectors.due <= processingTime;
  }

  #mustDrain({ vectors }: VersionDraft): boolean {
    if (this.#input.request?.kind !== 'drain' || this.#kind === 'frames') return false;
    return !isDrained(vectors.watermarks);
  }

  /** The log does not know yet what was sent or performed, or waits for what is over. */
  async #mustNote(replica: Replica, draft: VersionDraft): Promise<boolean> {
    const { vectors } = replica;
    if (this.#input.request?.kind !== 'tick' || vectors.version === 0) return false;
    const program = await replica.start();
    draft.nextTimer = program.nextTimer();
    draft.inputEnded = program.inputEnded;
    return vectors.sentThrough < vectors.version || draft.performed.length > 0 || wakesInVain(draft);
  }

  async #mayFinish(replica: Replica): Promise<boolean> {
    const { vectors } = replica;
    if (![...vectors.watermarks.values()].some(({ ended }) => ended)) return false;
    const program = await replica.start();
    return this.#context.rules.mayFinish({
      inputEnded: program.inputEnded,
      version: vectors.version,
      acknowledgedThrough: replica.acknowledgedThrough,
      inboxPending: vectors.inboxPending,
    });
  }

  #slice(todo: readonly DeliveredRecord[]): readonly DeliveredRecord[] {
    let bytes = 0;
    let count = 0;
    while (count < todo.length && count < LIMITS.versionRecordsMax) {
      bytes += todo[count]!.bytes.length;
      if (count > 0 && bytes > LIMITS.versionBytesMax) break;
      count++;
    }
    return todo.slice(0, count);
  }

  /** False if the replica has turned out to be behind its log. */
  async #run(
    replica: Replica,
    draft: VersionDraft,
    { todo, inherits }: { readonly todo: readonly DeliveredRecord[]; readonly inherits: boolean },
  ): Promise<boolean> {
    const program = await replica.start();
    const endedBefore = program.inputEnded;
    const inherited = inherits ? await this.#readInbox(draft) : [];
    const arrived = this.#kind === 'frames' ? todo.map(decodeRecord) : [];
    const { rules, subtask } = this.#context;
    const messages = arrived
      .map(({ message }) => message)
      .filter(({ run }) => rules.acceptsRun(subtask.run, run));
    if (!(await prefetchRows(this.#context, replica, () => inputOf(draft, messages, inherited))))
      return false;
    replica.uncommitted = true;
    program.advanceTime(draft.processingTime);
    if (inherits) this.#inherit(draft, program, inherited);
    else if (this.#mustDrain(draft)) this.#drain(draft, program);
    else if (this.#reshards() !== undefined) this.#reshard(draft, program);
    else if (this.#kind === 'shards') this.#takeRecords(draft, program, todo);
    else if (this.#kind === 'polled') await this.#poll(draft, program);
    else if (!(await this.#takeFrames(replica, draft, arrived))) return false;
    await program.settle();
    if (program.inputEnded && !endedBefore) await program.finish();
    draft.changes = await program.collect();
    requireFittingRows(replica, draft.changes.operators);
    draft.nextTimer = program.nextTimer();
    draft.inputEnded = program.inputEnded;
    return true;
  }

  #inherit(draft: VersionDraft, program: SubtaskProgram, frames: readonly Frame[]): void {
    for (const frame of frames) {
      draft.recordsReceived += recordsIn(frame.runs);
      program.processInherited(frame);
    }
  }

  async #poll(draft: VersionDraft, program: SubtaskProgram): Promise<void> {
    draft.polls = true;
    if (!this.#mayPoll(draft)) return;
    const budget = { records: LIMITS.versionRecordsMax, bytes: LIMITS.versionBytesMax };
    if (!(await program.poll(budget))) draft.watermarks.set(DRAINED_INPUT, ENDED_INPUT);
  }

  #takeRecords(draft: VersionDraft, program: SubtaskProgram, todo: readonly DeliveredRecord[]): void {
    const shards = Map.groupBy(todo, ({ shardId }) => shardId);
    for (const [shardId, records] of shards) {
      const position = draft.vectors.positions.get(shardId);
      const fresh = records.filter(({ sequenceNumber }) => !isConsumed(sequenceNumber, position));
      const last = fresh.at(-1);
      if (last !== undefined) {
        program.processRecords(shardId, fresh);
        draft.positions.set(shardId, last.sequenceNumber);
      }
      if (records.at(-1)?.endOfShard !== true) continue;
      program.endShard(shardId);
      draft.watermarks.set(inputChannelKey(shardId, ''), ENDED_INPUT);
    }
  }

  #reshard({ vectors, watermarks }: VersionDraft, program: SubtaskProgram): void {
    const change = this.#reshards() ?? { opened: [], ended: [] };
    program.reshard(change);
    for (const shard of change.opened) {
      const key = inputChannelKey(shard, '');
      if (!vectors.watermarks.has(key)) watermarks.set(key, OPENED_INPUT);
    }
    for (const shard of change.ended) {
      const key = inputChannelKey(shard, '');
      if (vectors.watermarks.get(key)?.ended !== true) watermarks.set(key, ENDED_INPUT);
    }
  }

  #drain(draft: VersionDraft, program: SubtaskProgram): void {
    program.endInput();
    draft.watermarks.set(DRAINED_INPUT, ENDED_INPUT);
  }

  async #takeFrames(
    replica: Replica,
    draft: VersionDraft,
    arrived: readonly ArrivedMessage[],
  ): Promise<boolean> {
    const intake = new FrameIntake(this.#context, draft, replica.program);
    for (const one of arrived) intake.take(one);
    return this.#fillGaps(replica, draft, intake);
  }

  async #fillGaps(replica: Replica, draft: VersionDraft, intake: FrameIntake): Promise<boolean> {
    const parked = draft.allParked();
    for (const [upstream, frames] of Map.groupBy(parked, (frame) => frame.upstream)) {
      const since = draft.vectors.gapSince.get(upstream) ?? draft.processingTime;
      const gap = { parkedFrames: frames.length, ageMs: draft.processingTime - since };
      if (!this.#context.rules.mustPull(gap)) continue;
      const firstCseq = draft.consumedOf(upstream) + 1;
      const lastCseq = Math.min(...frames.map(({ cseq }) => cseq)) - 1;
      const pulled = await pullFrames(this.#context, { upstream, firstCseq, lastCseq });
      const ready = await prefetchRows(this.#context, replica, () => inputOf(draft, pulled, []));
      if (!ready) return false;
      for (const frame of pulled) intake.takeFrame(frame);
    }
    return true;
  }

  /** The share of the inbox that the version consumes. */
  async #readInbox(draft: VersionDraft): Promise<readonly Frame[]> {
    const share: Frame[] = [];
    const { inbox, inboxConsumed } = draft.vectors;
    const end = inboxConsumed + LIMITS.inboxFramesPerVersion;
    let at = 0;
    for (const name of inbox?.objects ?? []) {
      if (at >= end) break;
      const frames = decodeInbox(await readObject(this.#context.objects, name), `Inbox ${name}`);
      for (const frame of frames) {
        if (at >= inboxConsumed && at < end) share.push(frame);
        at++;
      }
    }
    draft.inboxConsumed = Math.min(at, end);
    return share;
  }
}

/** All that the version may consume, and what it parks. */
function inputOf(
  draft: VersionDraft,
  messages: readonly (Frame | WatermarkHint)[],
  inherited: readonly Frame[],
): VersionInput {
  const fresh = messages.filter((one) => one.kind === 'frame').filter((one) => !isOld(draft, one));
  return {
    frames: [...draft.allParked(), ...fresh],
    hints: messages.filter((one) => one.kind === 'hint'),
    inherited,
    processingTime: draft.processingTime,
  };
}

function isOld(draft: VersionDraft, { upstream, cseq }: Frame): boolean {
  return cseq <= draft.consumedOf(upstream);
}
