import type { VersionedRow } from '../../core/log/keyed-row.ts';
import type { BaseRecord, LogItem } from '../../core/log/log-item.ts';
import type { OperatorDelta } from '../../core/log/state-delta.ts';
import type { TableScope } from '../../ports/keyed-table.ts';
import { type KeyedVersion, keyedVersionAfter, withChunk } from '../../protocol/keyed-version.ts';
import type { SubtaskVectors } from '../../protocol/subtask-vectors.ts';
import type { OutputWatermark, SubtaskProgram } from './subtask-program.ts';

/** Rows that are written to a table in one call. */
export interface RowShare {
  readonly scope: TableScope;
  readonly rows: readonly VersionedRow[];
}

/**
 * A subtask in the memory of one process.
 *
 * 1. (I9) Unless `uncommitted`, program and vectors equal the fold of the log up to `vectors.version`.
 * 2. It has one owner: an invocation, or the cache.
 */
export class Replica {
  readonly vectors: SubtaskVectors;
  readonly program: SubtaskProgram;
  /** As read last; the store's may be ahead. */
  base: BaseRecord | undefined;
  /** Every outbox of a version up to this one is acknowledged; the log may not know yet. */
  acknowledgedThrough: number;
  /** User code has run whose changes are not in the log. */
  uncommitted = false;
  opened = false;
  /** What the table may lack; undefined too for a program whose state is all in memory. */
  unwritten: KeyedVersion | undefined;
  /** What is left to be written of `unwritten`; of no use for another. */
  rowWrites: { readonly of: KeyedVersion; readonly shares: RowShare[] } | undefined;
  /** Watermarks were told again since the last version. */
  watermarksRepeated = false;
  /** Ids of effects that were performed and of which the log does not know yet. */
  readonly performed = new Set<string>();
  /** Watermarks that may be told: those of the last version. */
  hints: readonly OutputWatermark[] = [];

  constructor(vectors: SubtaskVectors, program: SubtaskProgram, base: BaseRecord | undefined) {
    this.vectors = vectors;
    this.program = program;
    this.base = base;
    this.acknowledgedThrough = vectors.sentThrough;
  }

  get version(): number {
    return this.vectors.version;
  }

  get sealed(): boolean {
    return this.vectors.seal !== undefined;
  }

  /** The program, ready to run. */
  async start(): Promise<SubtaskProgram> {
    if (!this.opened) {
      await this.program.open(this.vectors);
      this.opened = true;
    }
    return this.program;
  }

  /** What an item says of keyed state that is in a table. */
  noteRows(item: LogItem, operators: readonly OperatorDelta[]): void {
    const { tableState } = this.program;
    if (tableState === undefined) return;
    const own = operators.filter(({ operator }) => operator === tableState.operator);
    this.unwritten = keyedVersionAfter(this.unwritten, item, own);
  }

  /** What a chunk of the base says of it. */
  noteRepeated(version: number, operators: readonly OperatorDelta[]): void {
    const own = operators.filter(({ operator }) => operator === this.program.tableState?.operator);
    if (own.length > 0) this.unwritten = withChunk(this.unwritten, version, own);
  }

  /** After an item was applied to the vectors. */
  noteItem({ sentThrough, version }: Pick<LogItem, 'sentThrough' | 'version'>): void {
    const nothingUnsent = this.vectors.unsent.every((entry) => entry.version <= this.acknowledgedThrough);
    const known = nothingUnsent ? version : sentThrough;
    this.acknowledgedThrough = Math.max(this.acknowledgedThrough, sentThrough, known);
  }
}
