/**
 * The user functions of generated jobs. Each notes the ids of all readings of its key, so that a cut can be
 * compared with the input.
 */
import type { KeyedCoProcessFunction, KeyedProcessFunction } from '../../core/functions/process-function.ts';
import type { RuntimeContext } from '../../core/functions/rich-function.ts';
import {
  type ListState,
  ListStateDescriptor,
  type ValueState,
  ValueStateDescriptor,
} from '../../core/state.ts';
import type { Reading } from './generated-input.ts';

/** Names the list of the ids of all readings of a key. */
export const SEEN_STATE = 'seen';

type ProcessContext = Parameters<
  NonNullable<KeyedProcessFunction<string, Reading, string>['processElement']>
>[1];

interface Rows {
  collect(row: string): void;
}

function openSeen(context: RuntimeContext): ListState<number> {
  return context.getListState(new ListStateDescriptor<number>(SEEN_STATE));
}

/** Numbers the readings of each key. */
export class Numbering implements KeyedProcessFunction<string, Reading, string> {
  #count!: ValueState<number>;
  #seen!: ListState<number>;

  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor<number>('count'));
    this.#seen = openSeen(context);
  }

  processElement({ id, key }: Reading, _context: unknown, out: Rows): void {
    const count = (this.#count.value() ?? 0) + 1;
    this.#count.update(count);
    this.#seen.add(id);
    out.collect(`${key} ${count} ${id}`);
  }
}

/** Keeps readings until the watermark has passed them and emits them in the order of their times. */
export class Sorting implements KeyedProcessFunction<string, Reading, string> {
  #waiting!: ListState<Reading>;
  #seen!: ListState<number>;

  open(context: RuntimeContext): void {
    this.#waiting = context.getListState(new ListStateDescriptor<Reading>('waiting'));
    this.#seen = openSeen(context);
  }

  processElement(reading: Reading, context: ProcessContext): void {
    this.#waiting.add(reading);
    this.#seen.add(reading.id);
    context.timerService.registerEventTimeTimer(reading.time);
  }

  onTimer(time: number, _context: unknown, out: Rows): void {
    const waiting = [...this.#waiting.get()];
    const due = waiting.filter((reading) => reading.time <= time);
    this.#waiting.update(waiting.filter((reading) => reading.time > time));
    for (const { id, key } of due.sort((a, b) => a.id - b.id)) out.collect(`${key} at ${time}: ${id}`);
  }
}

/** Keeps readings until some time of the machine has passed, then emits them together. */
export class Gathering implements KeyedProcessFunction<string, Reading, string> {
  #waiting!: ListState<number>;
  #seen!: ListState<number>;

  open(context: RuntimeContext): void {
    this.#waiting = context.getListState(new ListStateDescriptor<number>('waiting'));
    this.#seen = openSeen(context);
  }

  processElement({ id }: Reading, context: ProcessContext, out: Rows): void {
    this.#waiting.add(id);
    this.#seen.add(id);
    context.timerService.registerProcessingTimeTimer(context.timerService.currentProcessingTime() + 20_000);
    out.collect(`in ${id}`);
  }

  onTimer(_time: number, _context: unknown, out: Rows): void {
    const ids = [...this.#waiting.get()];
    this.#waiting.clear();
    if (ids.length > 0) out.collect(`out ${ids.join(' ')}`);
  }
}

/** Emits every pair of a reading of the first input and one of the second. */
export class Matching implements KeyedCoProcessFunction<string, Reading, Reading, string> {
  #left!: ListState<number>;
  #right!: ListState<number>;
  #seen!: ListState<number>;

  open(context: RuntimeContext): void {
    this.#left = context.getListState(new ListStateDescriptor<number>('left'));
    this.#right = context.getListState(new ListStateDescriptor<number>('right'));
    this.#seen = openSeen(context);
  }

  processElement1({ id, key }: Reading, _context: unknown, out: Rows): void {
    this.#left.add(id);
    this.#seen.add(id);
    for (const other of this.#right.get()) out.collect(`${key}: ${id} with ${other}`);
  }

  processElement2({ id, key }: Reading, _context: unknown, out: Rows): void {
    this.#right.add(id);
    this.#seen.add(id);
    for (const other of this.#left.get()) out.collect(`${key}: ${other} with ${id}`);
  }
}
