import { UserError } from '../../core/errors.ts';
import type { WindowSpec } from '../../graph/operator-spec.ts';
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts';
import { AggregatingContents } from './aggregating-contents.ts';
import { EvictingContents } from './evicting-contents.ts';
import { ListContents } from './list-contents.ts';
import { ReducingContents } from './reducing-contents.ts';
import type { ContentsFunctions, WindowContents } from './window-contents.ts';
import type { WindowEvaluator } from './window-evaluator.ts';

/** What contents are made of. */
export interface ContentsOptions {
  readonly spec: WindowSpec;
  readonly functions: ContentsFunctions;
  readonly backend: KeyedStateBackend;
  readonly evaluator: WindowEvaluator;
}

/** Makes the function objects of one operator of one subtask. */
export function createContentsFunctions({ contents }: WindowSpec): ContentsFunctions {
  return {
    reduce: contents.kind === 'reduce' ? contents.reduce.create() : undefined,
    aggregate: contents.kind === 'aggregate' ? contents.aggregate.create() : undefined,
  };
}

/** Throws UserError WINDOW_INVALID for an aggregate without `merge` on windows that merge. */
export function createContents({ spec, functions, backend, evaluator }: ContentsOptions): WindowContents {
  const { reduce, aggregate } = functions;
  const { assigner, evictor } = spec;
  if (evictor !== undefined) return new EvictingContents({ evictor, functions, backend, evaluator });
  if (aggregate === undefined) {
    return reduce === undefined
      ? new ListContents(backend, evaluator)
      : new ReducingContents(reduce, backend, evaluator);
  }
  if (assigner.mergeWindows !== undefined && aggregate.merge === undefined) {
    throw new UserError(
      'WINDOW_INVALID',
      `The AggregateFunction on ${assigner.description} has no merge method, which windows that merge ` +
        'need; add merge(a, b).',
    );
  }
  return new AggregatingContents(aggregate, backend, evaluator);
}
