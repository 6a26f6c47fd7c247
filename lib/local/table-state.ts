/**
 * Keyed state in the table of a state directory: what a commit writes there, and what becomes of the rows
 * when the job has changed.
 *
 * 1. Rows belong to operators and keys: while the backend stays the same, they stay where they are.
 * 2. Rows and the log items of a commit are written in one transaction (I1), and so are a move to the other
 *    backend and the first items of the run that does it.
 */
import { rowChangesOf, statesOfRows } from '../core/codec/keyed-rows.ts';
import type { KeyedRow, OperatorRowChanges } from '../core/log/keyed-row.ts';
import type { KeyedStateDelta, OperatorDelta } from '../core/log/state-delta.ts';
import type { StateBackend } from '../graph/stream-graph.ts';
import type { LocalKeyedTable } from '../ports/keyed-table.ts';
import { isEmptyDelta } from '../runtime/operator-delta.ts';
import type { FormerVertex, SubtaskShare } from './state-redistribution.ts';
import type { SubtaskDeltas } from './subtask-deltas.ts';

/** What a commit does to the table. */
export interface TableCommit {
  /** Operators whose rows are removed, before `rows`. */
  readonly droppedRows: readonly string[];
  readonly rows: readonly OperatorRowChanges[];
}

/** The keyed part of changes as rows, and the rest, which goes into the log. */
export function splitRows(subtasks: readonly SubtaskDeltas[]): {
  readonly rows: readonly OperatorRowChanges[];
  readonly subtasks: readonly SubtaskDeltas[];
} {
  const rows = subtasks.flatMap(({ deltas }) => rowsOf(deltas));
  const rest = subtasks.map((subtask) => ({
    ...subtask,
    deltas: subtask.deltas.map(withoutKeyed).filter((delta) => !isEmptyDelta(delta)),
  }));
  return { rows, subtasks: rest };
}

/** A change of the job whose keyed state was or is to be in the table. */
export class TableMove {
  readonly #table: LocalKeyedTable;
  readonly #from: StateBackend;
  readonly #to: StateBackend;

  constructor(
    table: LocalKeyedTable,
    { from, to }: { readonly from: StateBackend; readonly to: StateBackend },
  ) {
    this.#table = table;
    this.#from = from;
    this.#to = to;
  }

  /**
   * Adds what the table holds to the former state: all of it if it moves to memory, else one row for each
   * operator, which stands for the others when it is decided who keeps its state.
   */
  addRows(former: readonly FormerVertex[]): void {
    for (const operator of this.#table.operators()) {
      const rows = this.#table.rows(operator);
      const keyed = statesOfRows(this.#to === 'heap' ? rows : firstOf(rows));
      // Whichever subtask it was: shares are made by key group.
      const vertex = former.find(({ layout }) => layout.operators.some(({ id }) => id === operator));
      vertex?.images[0]?.apply(keyedDelta(operator, keyed));
    }
  }

  /** What the first commit has to do, once it is decided who gets what. */
  firstCommit(shares: readonly SubtaskShare[]): TableCommit {
    const deltas = shares.flatMap((share) => share.deltas);
    const rows = this.#from === 'heap' && this.#to === 'table' ? rowsOf(deltas) : [];
    const kept = new Set(deltas.filter(({ keyed }) => keyed.length > 0).map(({ operator }) => operator));
    const droppedRows = this.#table
      .operators()
      .filter((operator) => this.#to === 'heap' || this.#from === 'heap' || !kept.has(operator));
    return { droppedRows, rows };
  }
}

function rowsOf(deltas: readonly OperatorDelta[]): readonly OperatorRowChanges[] {
  return deltas
    .filter(({ keyed }) => keyed.length > 0)
    .map(({ operator, keyed }) => ({ operator, changes: rowChangesOf(keyed) }));
}

function withoutKeyed(delta: OperatorDelta): OperatorDelta {
  return delta.keyed.length === 0 ? delta : { ...delta, keyed: [] };
}

function firstOf(rows: Iterable<KeyedRow>): readonly KeyedRow[] {
  for (const row of rows) return [row];
  return [];
}

function keyedDelta(operator: string, keyed: readonly KeyedStateDelta[]): OperatorDelta {
  return {
    operator,
    keyed,
    timers: [],
    states: [],
    watermark: undefined,
    keyGroupWatermarks: undefined,
  };
}
