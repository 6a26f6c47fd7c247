/** What every SubtaskInvoker keeps: a request reaches the function of its vertex, at least once. */
import { expect } from 'vitest';
import type { SubtaskId } from '../../lib/core/log/subtask-id.ts';
import type { SubtaskInvoker, SubtaskRequest } from '../../lib/ports/subtask-invoker.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';

/** A request as a function got it. */
export interface ReceivedRequest extends SubtaskId {
  readonly kind: SubtaskRequest['kind'];
}

/** An invoker with what the functions of the vertices `read` and `count` get; ports have no read side. */
export interface ObservedInvoker {
  readonly invoker: SubtaskInvoker;
  /** Everything that has come so far; waits until `atLeast` requests have. */
  received(atLeast: number): Promise<readonly ReceivedRequest[]>;
}

function subtask(vertex: string, index: number): SubtaskId {
  return { run: 'run-1', vertex, subtask: index };
}

const cases: readonly ContractCase<ObservedInvoker>[] = [
  {
    id: 'INV-01',
    says: 'each kind of request reaches its subtask with its run',
    run: async ({ invoker, received }) => {
      const kinds = ['tick', 'genesis', 'drain'] as const;
      for (const kind of kinds) await invoker.invoke(subtask('count', 3), { kind });
      const got = await received(kinds.length);
      expect(new Set(got.map(({ kind }) => kind))).toEqual(new Set(kinds));
      for (const { kind: _, ...id } of got) expect(id).toEqual(subtask('count', 3));
    },
  },
  {
    id: 'INV-02',
    says: 'requests of several vertices and subtasks go to each of them',
    run: async ({ invoker, received }) => {
      const subtasks = [subtask('read', 0), subtask('count', 0), subtask('count', 1)];
      await Promise.all(subtasks.map((id) => invoker.invoke(id, { kind: 'tick' })));
      const got = new Set((await received(3)).map(({ vertex, subtask: index }) => `${vertex}/${index}`));
      expect(got).toEqual(new Set(['read/0', 'count/0', 'count/1']));
    },
  },
];

/** The contract of SubtaskInvoker. */
export function describeSubtaskInvoker(
  name: string,
  open: Open<ObservedInvoker>,
  options: ContractOptions = {},
): void {
  describeContract(`${name}: SubtaskInvoker`, cases, { ...options, open });
}
