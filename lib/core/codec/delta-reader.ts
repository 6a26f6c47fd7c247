/** Reads what writeDeltas wrote. Malformed bytes throw a RangeError. */
import type {
  KeyedChange,
  KeyedStateDelta,
  KeyGroupWatermark,
  OperatorDelta,
  OperatorStateChange,
  OperatorStateDelta,
  TimerChange,
} from '../log/state-delta.ts';
import type { ColumnReader } from './column-reader.ts';
import { DOMAINS, KINDS, OPS, REDISTRIBUTIONS, TIMER_OPS, wordOf } from './delta-form.ts';

export function readDeltas(columns: ColumnReader): OperatorDelta[] {
  return columns.list(() => ({
    operator: columns.text(),
    watermark: columns.optionalNumber(),
    keyGroupWatermarks: readKeyGroupWatermarks(columns),
    keyed: columns.list(() => readKeyed(columns)),
    timers: readTimers(columns),
    states: columns.list(() => readState(columns)),
  }));
}

function readKeyGroupWatermarks(columns: ColumnReader): readonly KeyGroupWatermark[] | undefined {
  const count = columns.count();
  if (count === 0) return undefined;
  const firsts = columns.numbers(count - 1);
  const lasts = columns.numbers(count - 1);
  return columns.numbers(count - 1).map((watermark, i) => ({
    firstKeyGroup: firsts[i]!,
    lastKeyGroup: lasts[i]!,
    watermark,
  }));
}

function readKeyed(columns: ColumnReader): KeyedStateDelta {
  const name = columns.text();
  const kind = wordOf(KINDS, columns.count());
  const count = columns.count();
  const ops = columns.numbers(count).map((op) => wordOf(OPS, op));
  const keys = columns.values(count);
  const namespaces = columns.namespaces(count);
  const parts = columns.values(countOf(ops, 'put') + countOf(ops, 'remove'));
  const values = columns.values(countOf(ops, 'put'));
  let part = 0;
  let value = 0;
  const changes = ops.map((op, i): KeyedChange => {
    const key = keys[i];
    const namespace = namespaces[i];
    if (op === 'clear') return { op, key, namespace };
    if (op === 'remove') return { op, key, namespace, part: parts[part++] };
    return { op, key, namespace, part: parts[part++], value: values[value++] };
  });
  return { name, kind, changes };
}

function readTimers(columns: ColumnReader): TimerChange[] {
  const count = columns.count();
  const ops = columns.numbers(count);
  const domains = columns.numbers(count);
  const keys = columns.values(count);
  const namespaces = columns.namespaces(count);
  return columns.numbers(count).map((time, i) => ({
    op: wordOf(TIMER_OPS, ops[i]!),
    domain: wordOf(DOMAINS, domains[i]!),
    key: keys[i],
    namespace: namespaces[i],
    time,
  }));
}

function readState(columns: ColumnReader): OperatorStateDelta {
  const name = columns.text();
  const redistribution = wordOf(REDISTRIBUTIONS, columns.count());
  const count = columns.count();
  const ops = columns.numbers(count).map((op) => wordOf(OPS, op));
  const parts = columns.texts(countOf(ops, 'put') + countOf(ops, 'remove'));
  const values = columns.values(countOf(ops, 'put'));
  let part = 0;
  let value = 0;
  const changes = ops.map((op): OperatorStateChange => {
    if (op === 'clear') return { op };
    if (op === 'remove') return { op, part: parts[part++]! };
    return { op, part: parts[part++]!, value: values[value++] };
  });
  return { name, redistribution, changes };
}

function countOf(ops: readonly string[], wanted: string): number {
  let count = 0;
  for (const op of ops) if (op === wanted) count++;
  return count;
}
