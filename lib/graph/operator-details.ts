import type { WatermarkStrategySpec } from '../core/watermark.ts';
import type { OperatorSpec, WindowSpec } from './operator-spec.ts';

/** What a plan says about one operator beside its kind and name, in the order of reading. */
export type OperatorDetails = Readonly<Record<string, string | number | boolean>>;

const SELF_EXPLAINING: ReadonlySet<string> = new Set([
  ...['connector', 'source', 'sink', 'boundedness', 'watermarks'],
  ...['assigner', 'trigger', 'evictor', 'evaluation'],
]);

/** The operator's settings as plain data; functions appear only as what they are for. */
export function detailsOf(spec: OperatorSpec): OperatorDetails {
  switch (spec.kind) {
    case 'source':
      return {
        connector: spec.source.connector,
        source: spec.source.description,
        boundedness: spec.source.boundedness,
        ...watermarkDetails(spec.watermarks),
      };
    case 'timestampsAndWatermarks':
      return watermarkDetails(spec.watermarks);
    case 'window':
      return windowDetails(spec);
    case 'sink':
      return { connector: spec.sink.connector, sink: spec.sink.description };
    default:
      return {};
  }
}

/** The details as one line for people: texts that say themselves what they are stand without their label. */
export function detailsText(details: OperatorDetails): string {
  return Object.entries(details)
    .map(([label, value]) => (SELF_EXPLAINING.has(label) ? String(value) : `${label} ${value}`))
    .join(', ');
}

function watermarkDetails(strategy: WatermarkStrategySpec<unknown>): OperatorDetails {
  return {
    watermarks: strategy.description,
    ...(strategy.emit === 'per-record' ? { emit: strategy.emit } : {}),
    ...(strategy.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: strategy.idleTimeoutMs }),
  };
}

function windowDetails(spec: WindowSpec): OperatorDetails {
  const trigger = spec.trigger ?? spec.assigner.getDefaultTrigger();
  const contents = spec.contents;
  const evaluation =
    contents.kind !== 'process' && contents.window ? `${contents.kind} + process` : contents.kind;
  return {
    assigner: spec.assigner.description,
    trigger: trigger.description,
    ...(spec.evictor === undefined ? {} : { evictor: spec.evictor.description }),
    ...(spec.allowedLatenessMs === 0 ? {} : { allowedLatenessMs: spec.allowedLatenessMs }),
    ...(spec.lateTagId === undefined ? {} : { lateOutput: spec.lateTagId }),
    evaluation,
  };
}
