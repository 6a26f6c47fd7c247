import { MetricRegistry } from '../../../../lib/runtime/metrics.ts';
import type { Input, OperatorContext } from '../../../../lib/runtime/operator.ts';
import { ManualProcessingTime } from '../../../../lib/testing/manual-processing-time.ts';

const NOWHERE: Input = { processElement() {}, processWatermark() {}, processWatermarkStatus() {} };

/** The context of an operator of a durable job. */
export function operatorContext(
  uid: string,
  place: { readonly subtask: number; readonly parallelism: number },
  output: Input = NOWHERE,
): OperatorContext {
  const metrics = new MetricRegistry();
  return {
    jobName: 'job',
    operatorName: uid,
    operatorUid: uid,
    location: 'job.ts:1',
    onError: 'fail',
    ...place,
    maxParallelism: 128,
    output,
    sideOutput: () => undefined,
    processingTime: new ManualProcessingTime(),
    cursor: { operator: undefined },
    counter: (name) => metrics.counter(uid, name),
    journal: undefined,
    freezeState: false,
    stateId: uid,
    trackChanges: true,
  };
}
