/**
 * The state of a file writer: which parts are open, what rows wait for them, and the next free number.
 *
 * 1  A part in the state is a file whose first `length` bytes are on the device.
 * 2  A row is in the file of a part or in a chunk, never in both.
 * 3  No part, committed or open, and no chunk has a number at or above the numbers in the state of its
 *    subtask, so that a number is never used twice. A new run counts on from the highest of all subtasks.
 */
import type { StateScope } from '../../core/connector.ts';
import type { OperatorStateChange, OperatorStateDelta } from '../../core/log/state-delta.ts';
import type { PartFile, PartProgress } from './part-file.ts';
import { statePartsOf } from './state-parts.ts';

const PARTS = 'file-parts';
const ROWS = 'file-rows';
const NUMBERS = 'file-numbers';

/** An open part as the state knows it. */
export interface StoredPart extends PartProgress {
  /** Kind and layout of its format. */
  readonly kind: string;
  readonly layout: string;
}

/** What writers left behind, all of them together. */
export interface RestoredParts {
  readonly parts: ReadonlyMap<string, StoredPart>;
  /** By id, in the order in which the rows came. */
  readonly chunks: ReadonlyMap<string, unknown>;
  readonly nextNumber: number;
}

/** What a writer has at the moment. */
interface OpenParts<T> {
  readonly parts: Iterable<PartFile<T>>;
  readonly nextNumber: number;
}

/** The first free number of parts and that of chunks. */
interface Numbers {
  readonly part: number;
  readonly chunk: number;
}

/** Compares what a writer has with what the state says; see the rules above. */
export class OpenPartsState<T> {
  private readonly subtask: number;
  private readonly format: { readonly kind: string; readonly layout: string };
  /** Length by part. */
  private readonly storedParts = new Map<string, number>();
  private readonly storedChunks = new Set<string>();
  private storedNumbers: Numbers | undefined;
  private nextChunk = 0;

  constructor(subtask: number, { kind, layout }: { readonly kind: string; readonly layout: string }) {
    this.subtask = subtask;
    this.format = { kind, layout };
  }

  collect(scope: StateScope, open: OpenParts<T>): readonly OperatorStateDelta[] {
    const parts = [...open.parts];
    const deltas: OperatorStateDelta[] = [
      { name: PARTS, redistribution: 'split', changes: this.partChanges(scope, parts) },
      { name: ROWS, redistribution: 'split', changes: this.chunkChanges(scope, parts) },
      { name: NUMBERS, redistribution: 'union', changes: this.numberChanges(scope, open.nextNumber) },
    ];
    return deltas.filter(({ changes }) => changes.length > 0);
  }

  apply(states: readonly OperatorStateDelta[]): RestoredParts {
    // The values are those that `collect` has put.
    const parts = statePartsOf(states, PARTS) as Map<string, StoredPart>;
    const chunks = new Map(
      [...statePartsOf(states, ROWS)].sort(([a], [b]) => chunkNumber(a) - chunkNumber(b)),
    );
    const numbers = [...statePartsOf(states, NUMBERS).values()] as Numbers[];
    for (const [part, { length }] of parts) this.storedParts.set(part, length);
    for (const id of chunks.keys()) this.storedChunks.add(id);
    this.nextChunk = Math.max(0, ...numbers.map(({ chunk }) => chunk));
    return { parts, chunks, nextNumber: Math.max(0, ...numbers.map(({ part }) => part)) };
  }

  private partChanges(scope: StateScope, parts: readonly PartFile<T>[]): readonly OperatorStateChange[] {
    const all = scope === 'all';
    const changes: OperatorStateChange[] = [];
    const open = new Set<string>();
    for (const file of parts) {
      const { part, length } = file;
      open.add(part);
      if (!all && this.storedParts.get(part) === length) continue;
      changes.push({ op: 'put', part, value: { ...file.progress, ...this.format } satisfies StoredPart });
      if (!all) this.storedParts.set(part, length);
    }
    if (all) return changes;
    for (const part of this.storedParts.keys()) {
      if (open.has(part)) continue;
      changes.push({ op: 'remove', part });
      this.storedParts.delete(part);
    }
    return changes;
  }

  private chunkChanges(scope: StateScope, parts: readonly PartFile<T>[]): readonly OperatorStateChange[] {
    const all = scope === 'all';
    const changes: OperatorStateChange[] = [];
    const waiting = new Set<string>();
    for (const part of parts) {
      for (const id of part.chunkIds(() => this.nextChunk++)) {
        waiting.add(id);
        if (!all && this.storedChunks.has(id)) continue;
        changes.push({ op: 'put', part: id, value: part.rowsOf(id) });
        if (!all) this.storedChunks.add(id);
      }
    }
    if (all) return changes;
    for (const id of this.storedChunks) {
      if (waiting.has(id)) continue;
      changes.push({ op: 'remove', part: id });
      this.storedChunks.delete(id);
    }
    return changes;
  }

  /** The numbers of other subtasks, which came in with a restore, are theirs to keep. */
  private numberChanges(scope: StateScope, nextNumber: number): readonly OperatorStateChange[] {
    const numbers: Numbers = { part: nextNumber, chunk: this.nextChunk };
    const put: OperatorStateChange = { op: 'put', part: `${this.subtask}`, value: numbers };
    if (scope === 'all') return [put];
    const before = this.storedNumbers;
    this.storedNumbers = numbers;
    if (before?.part === numbers.part && before.chunk === numbers.chunk) return [];
    return before === undefined ? [{ op: 'clear' }, put] : [put];
  }
}

function chunkNumber(id: string): number {
  return Number(id.slice(id.lastIndexOf('#') + 1));
}
