/**
 * Rules that no mutant of the simulator takes out: because nothing goes wrong without them, which is shown by
 * taking them out all the same, or because something else shows that they are needed.
 */
import { PRODUCTION_RULES, type ProtocolRules } from '../../protocol/rules.ts';
import { type Mutation, NO_MUTATION } from './mutation.ts';

/** A rule without which nothing goes wrong, only slower. */
export interface SafeRule {
  readonly name: string;
  /** Known failures that it is there for, by their numbers in the catalogue of failures. */
  readonly rows: readonly number[];
  readonly reason: string;
  /** Jobs that have it. @default those whose keyed state is in memory */
  readonly jobs?: 'table';
  readonly mutation: Mutation;
}

/** A rule that the simulator cannot take out, and why. */
export interface ListedRule {
  readonly name: string;
  readonly rows: readonly number[];
  readonly reason: string;
  /** The test that fails without it; undefined: there is nothing yet that could be taken out. */
  readonly test: string | undefined;
}

function without(rules: Partial<ProtocolRules>): Mutation {
  return { ...NO_MUTATION, rules: { ...PRODUCTION_RULES, ...rules } };
}

export const SAFE_RULES: readonly SafeRule[] = [
  {
    name: 'nonce-in-the-item',
    rows: [5],
    reason: 'a writer that does not know its own item loses its work and finds it again when it catches up',
    mutation: without({
      identifyPut: (item, found) => (found === undefined || found.version < item.version ? 'absent' : 'lost'),
    }),
  },
  {
    name: 'overrun-is-not-the-head',
    rows: [8],
    reason: 'with a ring a writer that takes it for the head is refused and loads again',
    mutation: without({ meaningOfScan: (stop) => (stop === 'limit' ? 'more' : 'head') }),
  },
  {
    name: 'data-only-behind-what-is-sent',
    rows: [28],
    reason: 'every invocation sends everything before it makes a version',
    mutation: without({ mayPutData: () => true }),
  },
  {
    name: 'finish-only-behind-what-is-sent',
    rows: [47],
    reason: 'every invocation sends everything before it makes a version',
    mutation: without({
      mayFinish: ({ inputEnded, inboxPending }) => inputEnded && !inboxPending,
    }),
  },
  {
    name: 'restore-drives-genesis',
    rows: [66],
    reason: 'the sweeper wakes a subtask whose inbox holds something',
    mutation: without({ drivesGenesis: () => false }),
  },
  {
    name: 'sweeper-drives-genesis',
    rows: [66],
    reason: 'a restore invokes a subtask until its inbox is empty',
    mutation: without({ sweepsInboxes: () => false }),
  },
  {
    name: 'rows-are-not-of-the-future',
    rows: [14],
    reason:
      'what a replica that is behind makes of newer rows is refused: whoever wrote them has its version',
    jobs: 'table',
    mutation: without({ mayTakeRows: () => true }),
  },
];

export const LISTED_RULES: readonly ListedRule[] = [
  {
    name: 'what a batch proves to be sent is not sent again',
    rows: [29],
    reason: 'it saves calls, and its danger is the mutant success-before-acknowledgement',
    test: 'test/sim/steady-state.test.ts',
  },
  {
    name: 'a stream is not resharded',
    rows: [32],
    reason: 'the run stops with an error',
    test: 'test/unit/runtime/invocation/subtask-host.test.ts',
  },
  {
    name: 'tombstones of table rows',
    rows: [22],
    reason: 'no distributed backend keeps rows by key yet',
    test: 'test/unit/protocol/materialised-row.test.ts',
  },
  {
    name: 'guarded state values',
    rows: [9],
    reason: 'user code has to change what it has read',
    test: 'test/unit/runtime/state/heap-keyed-state-backend.test.ts',
  },
  {
    name: 'poison records',
    rows: [37],
    reason: 'user code has to fail',
    test: 'test/unit/runtime/invocation/task-program.test.ts',
  },
  {
    name: 'an unregistered shard is refused',
    rows: [54],
    reason: 'simulated shards that follow others are registered from the start',
    test: 'test/unit/runtime/invocation/task-program.test.ts',
  },
  {
    name: 'genesis is driven, by a restore or by a sweeper',
    rows: [66],
    reason: 'every simulated input comes to an end, of which every subtask is told',
    test: 'test/unit/coordinator/coordinator-rules.test.ts',
  },
  {
    name: 'a mapping is not used again',
    rows: [52],
    reason: 'a new run gets new mappings; what is behind a seal has not been reported',
    test: undefined,
  },
  { name: 'weak chains', rows: [2], reason: 'every vertex has a log', test: undefined },
  { name: 'failover of the table', rows: [60], reason: 'ruled out: single-region tables', test: undefined },
];
