/** Public entry `millrace/savepoint`: reads savepoints and writes new ones, without a job. */
export type { Namespace } from '../core/log/state-delta.ts';
export type { KeyedEntry } from './keyed-entries.ts';
export { type OperatorEntry, Savepoint } from './savepoint.ts';
export type { SavepointOperator, SourcePosition, StateDescription } from './savepoint-manifest.ts';
export { type BootstrapState, type NewSavepointOptions, SavepointWriter } from './savepoint-writer.ts';
