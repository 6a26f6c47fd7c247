/** What the planner must know about each kind of operator. */
import type { OperatorKind, OperatorSpec } from './operator-spec.ts';

interface OperatorTraits {
  /** For messages, with its article. */
  readonly label: string;
  /** Its state belongs to keys: it starts a stage. */
  readonly keyed: boolean;
  /** It keeps something that a restart must find again: it needs a uid. */
  readonly stateful: boolean;
  /** Which side outputs it can emit to. `window`: the late tag, and any tag if it has a window function. */
  readonly sideOutputs: 'none' | 'any' | 'window';
}

const STATELESS = { keyed: false, stateful: false, sideOutputs: 'none' } as const;
const EDGE_OF_JOB = { keyed: false, stateful: true, sideOutputs: 'none' } as const;

const TRAITS: Readonly<Record<OperatorKind, OperatorTraits>> = {
  source: { label: 'a source', ...EDGE_OF_JOB },
  map: { label: 'a map', ...STATELESS },
  filter: { label: 'a filter', ...STATELESS },
  flatMap: { label: 'a flatMap', ...STATELESS },
  process: { label: 'a process function', ...STATELESS, sideOutputs: 'any' },
  keyedProcess: { label: 'a keyed process function', keyed: true, stateful: true, sideOutputs: 'any' },
  keyedReduce: { label: 'a keyed reduce', keyed: true, stateful: true, sideOutputs: 'none' },
  coMap: { label: 'a co-map', ...STATELESS },
  coFlatMap: { label: 'a co-flatMap', ...STATELESS },
  coProcess: { label: 'a co-process function', ...STATELESS, sideOutputs: 'any' },
  keyedCoProcess: { label: 'a keyed co-process function', keyed: true, stateful: true, sideOutputs: 'any' },
  timestampsAndWatermarks: { label: 'a watermark assigner', ...STATELESS },
  window: { label: 'a window', keyed: true, stateful: true, sideOutputs: 'window' },
  sink: { label: 'a sink', ...EDGE_OF_JOB },
};

/** The planner's facts about the operator's kind. */
export function traitsOf(spec: OperatorSpec): OperatorTraits {
  return TRAITS[spec.kind];
}

/** False if no record can ever come out of the operator at this side output. */
export function canEmitSideOutput(spec: OperatorSpec, tagId: string): boolean {
  if (spec.kind === 'window') return spec.lateTagId === tagId || spec.contents.window !== undefined;
  return traitsOf(spec).sideOutputs === 'any';
}
