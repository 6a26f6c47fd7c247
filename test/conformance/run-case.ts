/** Finds the group of a case and runs it. */
import { show } from './comparison.ts';
import type { GoldenCase } from './golden-case.ts';
import { runKeyGroupAssignment } from './groups/key-group-assignment.ts';
import { runKeyedCoProcess, runKeyedProcess } from './groups/keyed-process.ts';
import { runKeyedReduce } from './groups/keyed-reduce.ts';
import { runKeyedWindow } from './groups/keyed-window.ts';
import { runMergingWindowSet } from './groups/merging-window-set.ts';
import { runSessionMerge } from './groups/session-merge.ts';
import { runSplitMultiplexer } from './groups/split-multiplexer.ts';
import { runTimerService } from './groups/timer-service.ts';
import { runTimestampsAndWatermarks } from './groups/timestamps-and-watermarks.ts';
import { runTrigger } from './groups/trigger.ts';
import { runWatermarkGenerator } from './groups/watermark-generator.ts';
import { runWatermarkValve } from './groups/watermark-valve.ts';
import { runWindowAssigner } from './groups/window-assigner.ts';
import { CannotExpress, type Verdict, verdictOf } from './verdict.ts';

type Group = (golden: GoldenCase) => void | Promise<void>;

const GROUPS: Readonly<Record<string, Group>> = {
  KeyedWindow: runKeyedWindow,
  'KeyedWindow(evicting)': runKeyedWindow,
  WatermarkValve: runWatermarkValve,
  PerSplitWatermarkMultiplexer: runSplitMultiplexer,
  WindowAssigner: runWindowAssigner,
  WatermarkGenerator: runWatermarkGenerator,
  KeyedProcess: runKeyedProcess,
  KeyedCoProcess: runKeyedCoProcess,
  KeyedReduce: runKeyedReduce,
  TimestampsAndWatermarks: runTimestampsAndWatermarks,
  TimerService: runTimerService,
  Trigger: runTrigger,
  SessionMerge: runSessionMerge,
  MergingWindowSet: runMergingWindowSet,
  KeyGroupAssignment: runKeyGroupAssignment,
};

/** What Millrace does not have yet. */
const MISSING_OPERATORS: ReadonlySet<string> = new Set([
  'IntervalJoin',
  'WindowJoin',
  'WindowCoGroup',
  'KeyedBroadcastProcess',
  'BroadcastProcess',
  'AsyncWait',
  'TtlState',
  'SourceOperator',
]);

/** Runs one case. Never throws: whatever goes wrong is the verdict. */
export function runCase(golden: GoldenCase): Promise<Verdict> {
  return verdictOf(() => {
    if (MISSING_OPERATORS.has(golden.operator))
      throw new CannotExpress(`Millrace has no ${golden.operator} operator`);
    const group = GROUPS[golden.operator];
    if (group === undefined) throw new CannotExpress(`operator ${JSON.stringify(golden.operator)}`);
    const [unhonoured] = Object.entries(golden.unhonoured);
    if (unhonoured !== undefined) throw new CannotExpress(`${unhonoured[0]}: ${show(unhonoured[1])}`);
    return group(golden);
  });
}

/** True if a case may be skipped: it needs an operator or mode that Millrace does not have. */
export function maySkip({ operator, config }: GoldenCase): boolean {
  return MISSING_OPERATORS.has(operator) || config.runtimeMode === 'BATCH';
}
