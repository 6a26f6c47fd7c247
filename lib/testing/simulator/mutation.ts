import type { SubtaskLog } from '../../ports/subtask-log.ts';
import { PRODUCTION_RULES, type ProtocolRules } from '../../protocol/rules.ts';
import type { SubtaskProgram } from '../../runtime/invocation/subtask-program.ts';
import { NO_LOG_DEFECTS } from './log-service.ts';
import { isNewer } from './sink-service.ts';
import type { WorldDefects } from './world.ts';

/** What of the protocol, or of the world that it relies on, is taken out. */
export interface Mutation {
  readonly rules: ProtocolRules;
  readonly defects: WorldDefects;
  /** Whether anybody looks for subtasks to which nothing comes. */
  readonly sweeps: boolean;
  /** The log as coordinators see it. */
  readonly coordinatorLog: (log: SubtaskLog) => SubtaskLog;
}

/** Everything as it should be. */
export const NO_MUTATION: Mutation = Object.freeze({
  rules: PRODUCTION_RULES,
  defects: {
    log: NO_LOG_DEFECTS,
    overwritesObjects: false,
    upsertGuard: isNewer,
    wrapProgram: (program: SubtaskProgram) => program,
  },
  sweeps: true,
  coordinatorLog: (log: SubtaskLog) => log,
});
