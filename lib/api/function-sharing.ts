/**
 * One function object per subtask: an object whose methods or fields may hold something must not serve two
 * subtasks or two operators, for each would overwrite the handles that `open` of the other has stored.
 *
 * Plain functions and object literals made of functions alone, without open or close, hold nothing and may be
 * shared.
 */
import { UserError } from '../core/errors.ts';
import type { OperatorSpec, UserFunction } from '../graph/operator-spec.ts';
import type { StreamGraph, StreamNode } from '../graph/stream-graph.ts';

/** Keeps apart the function objects of one run's subtasks. */
export class FunctionOwners {
  readonly #owners = new Map<object, { readonly subtask: number; readonly node: StreamNode }>();

  /**
   * Takes the graph whose functions belong to `subtask`.
   *
   * Throws UserError FUNCTION_SHARED if one of them already serves another subtask or operator.
   */
  claim(graph: StreamGraph, subtask: number): void {
    for (const node of graph.nodes) {
      if (subtask >= node.parallelism) continue;
      for (const { shared } of functionsOf(node.spec)) {
        if (shared === undefined || isStateless(shared)) continue;
        const owner = this.#owners.get(shared);
        if (owner === undefined) this.#owners.set(shared, { subtask, node });
        else if (owner.node.id !== node.id) throw sharedByOperators(shared, owner.node, node);
        else if (owner.subtask !== subtask) throw sharedBySubtasks(shared, node);
      }
    }
  }
}

function functionsOf(spec: OperatorSpec): readonly UserFunction<object>[] {
  if (spec.kind === 'window') {
    const { contents } = spec;
    const window = contents.window === undefined ? [] : [contents.window];
    if (contents.kind === 'reduce') return [contents.reduce, ...window];
    return contents.kind === 'aggregate' ? [contents.aggregate, ...window] : window;
  }
  return 'fn' in spec ? [spec.fn] : [];
}

function isStateless(fn: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(fn);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const fields = Object.entries(fn);
  return fields.every(([name, value]) => typeof value === 'function' && name !== 'open' && name !== 'close');
}

function sharedBySubtasks(fn: object, node: StreamNode): UserError {
  const what = `${nameOf(fn)} serves several of the ${node.parallelism} subtasks of ${named(node)}`;
  return refusal(what, fn, node);
}

function sharedByOperators(fn: object, first: StreamNode, second: StreamNode): UserError {
  return refusal(`${nameOf(fn)} serves both ${named(first)} and ${named(second)}`, fn, second);
}

function refusal(what: string, fn: object, node: StreamNode): UserError {
  const className = fn.constructor?.name;
  const made = className === undefined || className === 'Object' ? '({ … })' : `new ${className}()`;
  return new UserError(
    'FUNCTION_SHARED',
    `${what}, but a function object belongs to one subtask of one operator; give \`() => ${made}\`.`,
    {
      context: {
        operatorName: node.name,
        location: node.location,
        ...(node.uid === undefined ? {} : { operatorUid: node.uid }),
      },
    },
  );
}

function nameOf(fn: object): string {
  const className = fn.constructor?.name;
  return className === undefined || className === 'Object'
    ? 'One function object'
    : `One instance of ${className}`;
}

function named(node: StreamNode): string {
  return `operator '${node.uid ?? node.name}' (${node.location})`;
}
