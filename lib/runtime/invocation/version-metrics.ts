/** What a version that is in the log says of its subtask. Names are Flink's where Flink has the thing. */
import type { FrameRun } from '../../core/log/frame.ts';
import type { InvocationContext } from './invocation-ports.ts';
import type { VersionDraft } from './version-draft.ts';

/**
 * Counts the records that came from other vertices and that went to them, and sets how far the event time of
 * the subtask is behind its clock. `watermark`: ms since the epoch; undefined if the subtask has none.
 */
export function reportVersion(
  { metrics, subtask: { vertex, subtask } }: Pick<InvocationContext, 'metrics' | 'subtask'>,
  { recordsReceived, changes, processingTime }: VersionDraft,
  watermark: number | undefined,
): void {
  const scope = `${vertex}/${subtask}`;
  const sent = changes.frames.reduce((sum, { runs }) => sum + recordsIn(runs), 0);
  if (recordsReceived > 0) metrics.count(scope, 'numRecordsReceived', recordsReceived);
  if (sent > 0) metrics.count(scope, 'numRecordsSent', sent);
  // The clock of a source may be behind that of its records.
  if (watermark !== undefined) metrics.gauge(scope, 'watermarkLag', Math.max(0, processingTime - watermark));
}

export function recordsIn(runs: readonly FrameRun[]): number {
  return runs.reduce((sum, { records }) => sum + records.length, 0);
}
