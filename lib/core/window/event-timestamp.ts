import { RecordError } from '../errors.ts';
import { NO_TIMESTAMP } from '../time.ts';

/**
 * Checks a record that goes into event-time windows. Throws RecordError TIMESTAMP_INVALID for NO_TIMESTAMP.
 */
export function requireTimestamp(timestamp: number, assigner: string): void {
  if (timestamp !== NO_TIMESTAMP) return;
  throw new RecordError(
    'TIMESTAMP_INVALID',
    `A record without a timestamp came to ${assigner}; assign timestamps with a WatermarkStrategy in ` +
      'fromSource or assignTimestampsAndWatermarks, or use processing-time windows.',
  );
}
