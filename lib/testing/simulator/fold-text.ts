import type { SubtaskFold } from '../../coordinator/subtask-fold.ts';
import { encodeValue } from '../../core/codec/value-codec.ts';
import type { OperatorDelta } from '../../core/log/state-delta.ts';

/**
 * A fold as text: equal folds have equal texts, in whatever order their places are.
 *
 * @param without - the operator whose keyed state is left out
 */
export function textOfFold(fold: SubtaskFold, without?: string): string {
  const { version, epoch, sentThrough, processingTime } = fold;
  const { positions, consumed, produced, watermarks } = fold.toRecords();
  const parked = [...fold.parked.values()].map(({ upstream, cseq }) => `${upstream}#${cseq}`).sort();
  const unsent = fold.unsent.map((outbox) => outbox.version);
  const intents = [...fold.intents.keys()].sort();
  return [
    `v${version} ep${epoch} st${sentThrough} pt${processingTime} inbox${fold.inboxConsumed}`,
    ...[positions, consumed, produced, watermarks].map(sortedJson),
    ...[parked, unsent, intents].map((list) => list.join(' ')),
    ...linesOfState(
      fold.state.deltas().map((delta) => (delta.operator === without ? { ...delta, keyed: [] } : delta)),
    ),
  ].join('\n');
}

/**
 * State of keys as lines, one per place and timer, sorted. State of operators is left out: an operator may
 * begin with more than nothing.
 */
function linesOfState(deltas: readonly OperatorDelta[]): readonly string[] {
  return deltas.flatMap(linesOfOperator).sort();
}

function linesOfOperator({ operator, keyed, timers }: OperatorDelta): readonly string[] {
  return [
    ...keyed.flatMap(({ name, changes }) => changes.map((change) => `${operator} ${name} ${hex(change)}`)),
    ...timers.map((timer) => `${operator} timer ${hex(timer)}`),
  ];
}

function hex(value: object): string {
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Buffer.from(encodeValue(fields)).toString('base64');
}

function sortedJson(record: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The lines that differ. */
export function difference(expected: string, found: string): string {
  const [left, right] = [expected.split('\n'), found.split('\n')];
  const missing = left.filter((line) => !right.includes(line)).map((line) => `  - ${line}`);
  const extra = right.filter((line) => !left.includes(line)).map((line) => `  + ${line}`);
  return [...missing, ...extra].slice(0, 20).join('\n');
}
