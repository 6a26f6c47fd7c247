/**
 * Which keys a version may touch, before it runs.
 *
 * 1. A keyed operator is the first of its vertex: it touches the keys of the records that come, and those of
 *    the timers that become due.
 * 2. How far event time comes is estimated from above: a watermark valve lets through no more than the least
 *    of the channels that surely hold it back, which are those that were not idle and not behind its output.
 */
import type { Frame, FrameRun, WatermarkHint } from '../../core/log/frame.ts';
import type { VersionedRow } from '../../core/log/keyed-row.ts';
import { MIN_TIMESTAMP } from '../../core/time.ts';
import { inputChannelKey } from '../../protocol/subtask-vectors.ts';
import type { MissingKeys, RemoteKeyRows } from '../state/remote-key-rows.ts';
import type { InputChannel } from './input-channel.ts';

/** What a version may be given. */
export interface VersionInput {
  readonly frames: readonly Frame[];
  readonly hints: readonly WatermarkHint[];
  /** Frames of the run before: their records only. */
  readonly inherited: readonly Frame[];
  /** Unit: ms since the epoch. */
  readonly processingTime: number;
}

/** Keyed state of a program that is in a table. */
export interface TableState {
  /** Whose rows they are: as deltas name the operator. */
  readonly operator: string;
  /** Keys that the input may touch and that are not in memory. */
  missingKeys(input: VersionInput): MissingKeys;
  /** `rows`: all rows of each key, in the order of the keys; they hold good for the version to come. */
  bring(keys: MissingKeys, rows: readonly (readonly VersionedRow[])[]): void;
}

/** One edge into the keyed operator. */
export interface KeyedEdge {
  readonly edge: string;
  /** Which of the operator's inputs it leads to. */
  readonly inputIndex: 0 | 1;
  readonly keySelector: (value: unknown) => unknown;
}

/** One input of the operator. */
interface KeyedInput {
  readonly channels: readonly InputChannel[];
  /** No watermark above this one has passed its valve. */
  reached: number;
}

interface ChannelReach {
  watermark: number;
  /** Idle now, or at any time in what comes. */
  idle: boolean;
}

export class KeyDemand implements TableState {
  readonly #rows: RemoteKeyRows;
  readonly #channels: ReadonlyMap<string, InputChannel>;
  readonly #edges: ReadonlyMap<string, KeyedEdge>;
  readonly #inputs: readonly KeyedInput[];

  constructor(
    rows: RemoteKeyRows,
    edges: readonly KeyedEdge[],
    channels: {
      /** By `inputChannelKey`. */
      readonly inputs: ReadonlyMap<string, InputChannel>;
      readonly inputsOfEdge: ReadonlyMap<string, readonly InputChannel[]>;
    },
  ) {
    this.#rows = rows;
    this.#channels = channels.inputs;
    this.#edges = new Map(edges.map((edge) => [edge.edge, edge]));
    const byIndex = Map.groupBy(edges, ({ inputIndex }) => inputIndex);
    this.#inputs = [...byIndex.values()].map((ofInput) => ({
      channels: ofInput.flatMap(({ edge }) => channels.inputsOfEdge.get(edge) ?? []),
      reached: Number.POSITIVE_INFINITY,
    }));
  }

  get operator(): string {
    return this.#rows.operator;
  }

  missingKeys(input: VersionInput): MissingKeys {
    const { processingTime } = input;
    return this.#rows.missing(this.#keysOf(input), { watermark: this.#reachOf(input), processingTime });
  }

  bring(keys: MissingKeys, rows: readonly (readonly VersionedRow[])[]): void {
    this.#rows.bring(keys, rows);
  }

  /** What was brought does not hold good any more: another version begins. */
  forget(): void {
    this.#rows.forget();
  }

  /** The program has been brought from somewhere to here. */
  restart(): void {
    this.#rows.forget();
    for (const input of this.#inputs) input.reached = Number.POSITIVE_INFINITY;
  }

  *#keysOf({ frames, inherited }: VersionInput): Generator<unknown> {
    for (const { edge, runs } of [...frames, ...inherited]) {
      const selector = this.#edges.get(edge)?.keySelector;
      if (selector === undefined) continue;
      for (const { records } of runs) {
        for (const { value } of records) yield selector(value);
      }
    }
  }

  /** No event-time timer behind it fires. */
  #reachOf(input: VersionInput): number {
    const reaches = this.#channelReaches(input);
    const active: number[] = [];
    let highest = MIN_TIMESTAMP;
    for (const one of this.#inputs) {
      const holding: number[] = [];
      const told = Math.max(MIN_TIMESTAMP, ...one.channels.map(({ watermark }) => watermark));
      const reached = Math.min(one.reached, told);
      let last = reached;
      let idle = true;
      for (const channel of one.channels) {
        // Every channel of an input is in it.
        const reach = reaches.get(channel) as ChannelReach;
        last = Math.max(last, reach.watermark);
        if (reach.idle) continue;
        idle = false;
        if (channel.watermark >= reached) holding.push(reach.watermark);
      }
      one.reached = holding.length === 0 ? last : Math.max(reached, Math.min(...holding));
      highest = Math.max(highest, one.reached);
      if (!idle) active.push(one.reached);
    }
    return active.length === 0 ? highest : Math.min(...active);
  }

  #channelReaches({ frames, hints }: VersionInput): ReadonlyMap<InputChannel, ChannelReach> {
    const reaches = new Map<InputChannel, ChannelReach>();
    for (const { channels } of this.#inputs) {
      for (const channel of channels) {
        reaches.set(channel, { watermark: channel.watermark, idle: channel.idle });
      }
    }
    const tell = (
      upstream: string,
      edge: string,
      { watermark, idle }: Pick<FrameRun, 'watermark' | 'idle'>,
    ): void => {
      const channel = this.#channels.get(inputChannelKey(upstream, edge));
      const reach = channel && reaches.get(channel);
      if (reach === undefined) return;
      reach.watermark = Math.max(reach.watermark, watermark);
      reach.idle ||= idle;
    };
    for (const { upstream, edge, runs } of frames) for (const run of runs) tell(upstream, edge, run);
    for (const hint of hints) tell(hint.upstream, hint.edge, hint);
    return reaches;
  }
}
