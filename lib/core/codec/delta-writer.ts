/** Writes state deltas column by column: thousands of changes of one state share their names and forms. */
import type {
  KeyedStateDelta,
  KeyGroupWatermark,
  OperatorDelta,
  OperatorStateDelta,
  TimerChange,
} from '../log/state-delta.ts';
import type { ColumnWriter } from './column-writer.ts';
import { DOMAINS, KINDS, OPS, REDISTRIBUTIONS, TIMER_OPS } from './delta-form.ts';

export function writeDeltas(columns: ColumnWriter, deltas: readonly OperatorDelta[]): void {
  columns.count(deltas.length);
  for (const delta of deltas) {
    columns.value(delta.operator);
    columns.value(delta.watermark);
    writeKeyGroupWatermarks(columns, delta.keyGroupWatermarks);
    columns.count(delta.keyed.length);
    for (const keyed of delta.keyed) writeKeyed(columns, keyed, delta.operator);
    columns.where = `A timer of operator ${delta.operator}`;
    writeTimers(columns, delta.timers);
    columns.count(delta.states.length);
    for (const state of delta.states) writeState(columns, state, delta.operator);
  }
}

function writeKeyGroupWatermarks(
  columns: ColumnWriter,
  watermarks: readonly KeyGroupWatermark[] | undefined,
): void {
  columns.count(watermarks === undefined ? 0 : watermarks.length + 1);
  if (watermarks === undefined) return;
  columns.values(watermarks.map((range) => range.firstKeyGroup));
  columns.values(watermarks.map((range) => range.lastKeyGroup));
  columns.values(watermarks.map((range) => range.watermark));
}

function writeKeyed(columns: ColumnWriter, { name, kind, changes }: KeyedStateDelta, operator: string): void {
  columns.where = `State '${name}' of operator ${operator}`;
  columns.value(name);
  columns.count(KINDS.indexOf(kind));
  columns.count(changes.length);
  const ops: number[] = [];
  const parts: unknown[] = [];
  const values: unknown[] = [];
  for (const change of changes) {
    ops.push(OPS.indexOf(change.op));
    if (change.op !== 'clear') parts.push(change.part);
    if (change.op === 'put') values.push(change.value);
  }
  columns.values(ops);
  columns.values(changes.map((change) => change.key));
  columns.namespaces(changes.map((change) => change.namespace));
  columns.values(parts);
  columns.values(values);
}

function writeTimers(columns: ColumnWriter, timers: readonly TimerChange[]): void {
  columns.count(timers.length);
  columns.values(timers.map((timer) => TIMER_OPS.indexOf(timer.op)));
  columns.values(timers.map((timer) => DOMAINS.indexOf(timer.domain)));
  columns.values(timers.map((timer) => timer.key));
  columns.namespaces(timers.map((timer) => timer.namespace));
  columns.values(timers.map((timer) => timer.time));
}

function writeState(
  columns: ColumnWriter,
  { name, redistribution, changes }: OperatorStateDelta,
  operator: string,
): void {
  columns.where = `State '${name}' of operator ${operator}`;
  columns.value(name);
  columns.count(REDISTRIBUTIONS.indexOf(redistribution));
  columns.count(changes.length);
  const ops: number[] = [];
  const parts: string[] = [];
  const values: unknown[] = [];
  for (const change of changes) {
    ops.push(OPS.indexOf(change.op));
    if (change.op !== 'clear') parts.push(change.part);
    if (change.op === 'put') values.push(change.value);
  }
  columns.values(ops);
  columns.values(parts);
  columns.values(values);
}
