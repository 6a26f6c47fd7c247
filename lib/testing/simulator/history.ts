/**
 * Everything that was accepted in one history, and the assertions that can be checked when it is.
 *
 * It sees what the services see and nothing of what processes believe.
 */
import { createHash } from 'node:crypto';
import { SubtaskFold } from '../../coordinator/subtask-fold.ts';
import { decodeEntry } from '../../core/codec/entry-codec.ts';
import { decodeFrame } from '../../core/codec/frame-codec.ts';
import { decodeBaseManifest } from '../../core/codec/manifest-codec.ts';
import { decodeStateChunk } from '../../core/codec/state-codec.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EntryPayload } from '../../core/log/entry-payload.ts';
import type { Frame } from '../../core/log/frame.ts';
import type { BaseRecord, LogItem } from '../../core/log/log-item.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';
import type { OutgoingRecord } from '../../ports/stream-transport.ts';
import { inputChannelKey, parkedKey } from '../../protocol/subtask-vectors.ts';
import { AssertionError, type AssertionId } from './assertion-error.ts';
import { difference, textOfFold } from './fold-text.ts';
import type { CachedFold } from './function-pool.ts';
import type { LogObserver } from './log-service.ts';
import { SubtaskHistory } from './subtask-history.ts';

/** A frame in the outbox of an accepted version. */
interface CommittedFrame {
  readonly frame: Frame;
  readonly bytes: Uint8Array;
  readonly version: number;
  /** Sequence numbers under which the stream has it. */
  readonly delivered: string[];
}

export interface HistoryOptions {
  readonly ringSize: number;
  readonly objectOf: (name: string) => Uint8Array | undefined;
  /** Name under which `positions` count the stream of a subtask. */
  readonly streamName: string;
}

export class History implements LogObserver {
  readonly #options: HistoryOptions;
  readonly #subtasks = new Map<string, SubtaskHistory>();
  readonly #frames = new Map<string, CommittedFrame>();
  /** By subtask path: what its stream has got, in the order of arrival. */
  readonly #streams = new Map<string, { readonly number: string; readonly frame: Frame }[]>();

  /** By invocation: the attempts that came too late. */
  readonly #refusals = new Map<string, Set<string>>();

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  get subtasks(): readonly SubtaskHistory[] {
    return [...this.#subtasks.values()];
  }

  of(id: SubtaskId): SubtaskHistory {
    const path = subtaskPath(id);
    let history = this.#subtasks.get(path);
    if (history === undefined) {
      history = new SubtaskHistory(id);
      this.#subtasks.set(path, history);
    }
    return history;
  }

  accepted(id: SubtaskId, item: LogItem, overwritten: LogItem | undefined): void {
    const history = this.of(id);
    this.#checkPlace(history, item, overwritten);
    const payload = this.#payloadOf(id, item);
    const before = history.fold;
    const [consumed, watermarks] = [new Map(before.consumed), new Map(before.watermarks)];
    const parked = [...before.parked.values()];
    const position = before.positions.get(this.#options.streamName) ?? '';
    for (const frame of payload.outbox) this.#addFrame(id, item, frame);
    history.add(item, payload);
    this.#checkSent(history, item, payload);
    for (const [upstream, last] of Object.entries(payload.consumed)) {
      this.#checkConsumed(history, {
        upstream,
        after: consumed.get(upstream) ?? 0,
        last,
        parkedBefore: parked.filter((frame) => frame.upstream === upstream),
        watermarks,
      });
    }
    this.#checkAccounted(history, position);
  }

  /** A1, A2, A8, A10, I3. */
  #checkPlace({ id, head, base }: SubtaskHistory, item: LogItem, overwritten: LogItem | undefined): void {
    const version = (head?.item.version ?? 0) + 1;
    if (item.version < version) {
      fail(
        'A1',
        id,
        `v${item.version} is accepted a second time, by ${item.writer}; the head is v${version - 1}`,
      );
    }
    if (item.version > version) fail('A2', id, `v${item.version} is accepted behind v${version - 1}`);
    if (head?.item.kind === 'seal') fail('A10', id, `v${item.version} ${item.kind} follows a seal`);
    if (item.epoch < (head?.item.epoch ?? 0)) {
      fail('A8', id, `v${item.version} has epoch ${item.epoch} behind ${head?.item.epoch}`);
    }
    if (item.processingTime < (head?.item.processingTime ?? 0)) {
      fail('A8', id, `the processing time of v${item.version} goes back to ${item.processingTime}`);
    }
    const covered = Math.min(base?.version ?? 0, base?.archivedThrough ?? 0);
    if (overwritten !== undefined && covered < overwritten.version) {
      fail('A12', id, `v${item.version} overwrites v${overwritten.version}; the base covers v${covered}`);
    }
  }

  #payloadOf(id: SubtaskId, { version, payload }: LogItem): EntryPayload {
    if (payload.kind === 'inline') return decodeEntry(payload.bytes);
    const bytes = this.#options.objectOf(payload.key);
    if (bytes === undefined) fail('A12', id, `v${version} names ${payload.key}, which is not there`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (bytes.length !== payload.length || sha256 !== payload.sha256) {
      fail('A12', id, `v${version} names ${payload.key}, which holds something else`);
    }
    return decodeEntry(bytes);
  }

  #addFrame(
    id: SubtaskId,
    { version }: LogItem,
    { target, cseq, bytes }: EntryPayload['outbox'][number],
  ): void {
    const frame = decodeFrame(bytes);
    if (frame.kind !== 'frame') fail('A4', id, `v${version} has a hint in its outbox`);
    this.#frames.set(frameKey(id, target, cseq), { frame, bytes, version, delivered: [] });
  }

  /** A7: what an item says of earlier outboxes is true, and data follows only what is sent. */
  #checkSent(
    history: SubtaskHistory,
    { version, kind, sentThrough, seal }: LogItem,
    own: EntryPayload,
  ): void {
    const { id } = history;
    if (kind === 'data' && sentThrough < version - 1) {
      fail('A7', id, `v${version} follows while v${sentThrough + 1} is not known to be sent`);
    }
    if (seal === 'finished' && sentThrough < version)
      fail('A7', id, `v${version} finishes before all is sent`);
    if (own.outbox.length > 0 && sentThrough >= version)
      fail('A7', id, `v${version} claims its own outbox sent`);
    for (let v = history.deliveredThrough + 1; v <= sentThrough; v++) {
      for (const { target, cseq } of history.items[v - 1]?.payload.outbox ?? []) {
        if ((this.#frames.get(frameKey(id, target, cseq))?.delivered.length ?? 0) > 0) continue;
        fail('A7', id, `v${version} says v${v} is sent, but ${target} never got frame ${cseq}`);
      }
      history.deliveredThrough = v;
    }
  }

  /** A5, A8, A11. */
  #checkConsumed(
    history: SubtaskHistory,
    taken: {
      readonly upstream: string;
      readonly after: number;
      readonly last: number;
      readonly parkedBefore: readonly Frame[];
      readonly watermarks: SubtaskFold['watermarks'];
    },
  ): void {
    const { id, fold } = history;
    const { upstream, after, last, parkedBefore, watermarks } = taken;
    const reached = new Map<string, number>();
    if (last < after) fail('A5', id, `the channel from ${upstream} goes back from ${after} to ${last}`);
    for (let cseq = after + 1; cseq <= last; cseq++) {
      const committed = this.#frames.get(`${id.run}/${upstream}>${id.vertex}/${id.subtask}#${cseq}`);
      if (committed === undefined)
        fail('A8', id, `frame ${cseq} of ${upstream} is consumed and no version has it`);
      const position = fold.positions.get(this.#options.streamName) ?? '';
      const arrived = committed.delivered.some((number) => number <= position && !this.#isLost(id, number));
      // A gap with frames parked behind it may have been filled from the log of the sender.
      if (!arrived && parkedBefore.length === 0)
        fail('A5', id, `frame ${cseq} of ${upstream} is passed over`);
      const channel = inputChannelKey(upstream, committed.frame.edge);
      const told = reached.get(channel) ?? watermarks.get(channel)?.watermark ?? Number.NEGATIVE_INFINITY;
      reached.set(channel, this.#checkTimes(id, committed.frame, told));
    }
  }

  #isLost(id: SubtaskId, number: string): boolean {
    return !(this.#streams.get(subtaskPath(id)) ?? []).some((record) => record.number === number);
  }

  #checkTimes(id: SubtaskId, { runs, upstream, cseq }: Frame, from: number): number {
    let watermark = from;
    for (const run of runs) {
      for (const { timestamp } of run.records) {
        if (timestamp === NO_TIMESTAMP || (timestamp > watermark && timestamp > run.watermark)) continue;
        fail('A11', id, `frame ${cseq} of ${upstream} has time ${timestamp} behind watermark ${watermark}`);
      }
      watermark = Math.max(watermark, run.watermark);
    }
    return watermark;
  }

  /** I7: whatever a position has passed is consumed or parked. */
  #checkAccounted({ id, fold }: SubtaskHistory, before: string): void {
    const position = fold.positions.get(this.#options.streamName) ?? '';
    if (position === before) return;
    for (const { number, frame } of this.#streams.get(subtaskPath(id)) ?? []) {
      if (number <= before || number > position || frame.run !== id.run) continue;
      const { upstream, cseq } = frame;
      if ((fold.consumed.get(upstream) ?? 0) >= cseq) continue;
      if (fold.parked.has(parkedKey({ upstream, cseq }))) continue;
      fail(
        'A5',
        id,
        `the position passes frame ${cseq} of ${upstream}, which is neither consumed nor parked`,
      );
    }
  }

  /** A stream has lost a record. */
  expired(path: string, number: string): void {
    const kept = (this.#streams.get(path) ?? []).filter((record) => record.number !== number);
    this.#streams.set(path, kept);
  }

  /** A4: only committed frames travel, with their bytes. The number of the last earlier frame, if any. */
  delivered({ run, target, bytes }: OutgoingRecord, number: string): string | undefined {
    const frame = decodeFrame(bytes);
    if (frame.kind === 'hint') return undefined;
    const [vertex = '', subtask = ''] = frame.upstream.split('/');
    const upstream = { run, vertex, subtask: Number(subtask) };
    const committed = this.#frames.get(frameKey(upstream, target, frame.cseq));
    if (committed === undefined)
      fail('A4', upstream, `frame ${frame.cseq} to ${target} is sent and not committed`);
    if (Buffer.compare(committed.bytes, bytes) !== 0) {
      fail('A4', upstream, `frame ${frame.cseq} to ${target} is sent with other bytes than committed`);
    }
    committed.delivered.push(number);
    const path = `${run}/${target}`;
    const stream = this.#streams.get(path) ?? [];
    const earlier = stream.findLast(
      (record) => record.frame.upstream === frame.upstream && record.frame.cseq < frame.cseq,
    );
    stream.push({ number, frame });
    this.#streams.set(path, stream);
    return earlier?.number;
  }

  /** A3, A12: a base is the fold of the log up to its version, and all that it names is there. */
  baseMoved(id: SubtaskId, base: BaseRecord): void {
    const history = this.of(id);
    const fold = this.#foldOfBase(id, base.manifest);
    if (fold.version !== base.version) fail('A3', id, `the base v${base.version} holds v${fold.version}`);
    const expected = textOfFold(history.at(base.version));
    const found = textOfFold(fold);
    if (found !== expected) {
      fail('A3', id, `the base v${base.version} is not the fold of its log:\n${difference(expected, found)}`);
    }
    history.base = base;
    const manifest = decodeBaseManifest(
      this.#options.objectOf(base.manifest) ?? new Uint8Array(),
      base.manifest,
    );
    history.baseObjects = [base.manifest, ...manifest.chunks.map(({ name }) => name)];
  }

  #foldOfBase(id: SubtaskId, name: string): SubtaskFold {
    const read = (object: string): Uint8Array =>
      this.#options.objectOf(object) ?? fail('A12', id, `the base names ${object}, which is not there`);
    const manifest = decodeBaseManifest(read(name), name);
    const fold = new SubtaskFold();
    fold.restore(manifest);
    for (const chunk of manifest.chunks) fold.applyState(decodeStateChunk(read(chunk.name), chunk.name));
    for (const segment of manifest.segments) read(segment.name);
    return fold;
  }

  /** A3: what a warm environment holds between invocations is the fold of the log up to its version. */
  checkCache(id: SubtaskId, { fold, elsewhere }: CachedFold): void {
    const expected = textOfFold(this.of(id).at(fold.version), elsewhere);
    const found = textOfFold(fold, elsewhere);
    if (found === expected) return;
    const lines = difference(expected, found);
    fail('A3', id, `the cache of v${fold.version} is not the fold of the log:\n${lines}`);
  }

  /** A16: an invocation that is behind others gives up. */
  refused(id: SubtaskId, { writer }: LogItem): void {
    // Coordinators count their attempts themselves.
    const end = writer.lastIndexOf('-');
    if (end < 0) return;
    // A put that was repeated comes again, after its item is gone from the ring.
    if (this.of(id).items.some(({ item }) => item.writer === writer)) return;
    const invocation = writer.slice(0, end);
    const attempts = this.#refusals.get(invocation) ?? new Set();
    this.#refusals.set(invocation, attempts.add(writer));
    // The last one may be a put that was given up because its outcome stayed unknown.
    if (attempts.size <= LIMITS.invocationConflictsMax + 2) return;
    fail('A16', id, `${invocation} was refused ${attempts.size} times and goes on`);
  }

  /** A12: nothing that somebody may still read is deleted. */
  deleted(names: readonly string[]): void {
    const gone = new Set(names);
    for (const history of this.#subtasks.values()) {
      const { id, base, fold, items } = history;
      if (fold.seal !== undefined || items.length === 0) continue;
      const spilled = items.slice(base?.version ?? 0).map(({ item }) => item.payload);
      const needed = [
        ...history.baseObjects,
        ...spilled.flatMap((payload) => (payload.kind === 'spilled' ? [payload.key] : [])),
      ];
      for (const name of needed) if (gone.has(name)) fail('A12', id, `${name} is deleted and still needed`);
    }
  }

  /** A6: the stream has not moved past what is committed or, of a finished log, past what is consumed. */
  moved(id: SubtaskId, shard: string, sequenceNumber: string): void {
    const { fold } = this.of(id);
    const position = fold.positions.get(shard) ?? '';
    if (sequenceNumber <= position) return;
    if (fold.seal === 'finished' && shard === this.#options.streamName) {
      const passed = (this.#streams.get(subtaskPath(id)) ?? []).filter(
        ({ number }) => number <= sequenceNumber,
      );
      if (passed.every(({ frame }) => (fold.consumed.get(frame.upstream) ?? 0) >= frame.cseq)) return;
    }
    fail(
      'A6',
      id,
      `the mapping of ${shard} moves to ${sequenceNumber}, committed is ${position || 'nothing'}`,
    );
  }

  /** Frames of a channel that were committed, by their numbers. */
  frame(upstream: SubtaskId, target: string, cseq: number): Frame | undefined {
    return this.#frames.get(frameKey(upstream, target, cseq))?.frame;
  }
}

function frameKey(upstream: SubtaskId, target: string, cseq: number): string {
  return `${subtaskPath(upstream)}>${target}#${cseq}`;
}

function fail(assertion: AssertionId, id: SubtaskId, message: string): never {
  throw new AssertionError(assertion, `${subtaskPath(id)}: ${message}.`);
}
