/**
 * Every queue, batch and wait is bounded by one of these. Bytes, records or milliseconds as the name says.
 */
export const LIMITS = {
  /** Records that a source emits before its task yields; a batch commits and moves watermarks as one. */
  sourceBatchRecordsMax: 1024,
  /** Records in one batch of a channel before it is handed over. */
  channelBatchRecordsMax: 512,
  /** Batches that wait in one channel; a task whose output channel is full does not start new input. */
  channelBatchesMax: 8,
  /** Interval of periodic watermark emission, Flink's pipeline.auto-watermark-interval. */
  autoWatermarkIntervalMs: 200,
  /** Bytes read from a file in one call. */
  fileReadBytes: 1 << 20,
  /** The longest line of a text file; a longer one is a dead letter. */
  lineBytesMax: 16 << 20,
  /** A CSV row whose quotes are open for longer than this is malformed. */
  csvRowBytesMax: 1 << 20,
  /** CSV rows that are parsed in one call. */
  csvBatchRowsMax: 512,
  /** Bytes of raw text kept in a dead letter. */
  deadLetterRawBytesMax: 64 << 10,
  /** Decompressed chunks that wait between a decompressor and its reader. */
  decompressedChunksMax: 4,
  /** Smallest piece into which an uncompressed text file is split for parallel reading. */
  fileSplitBytesMin: 64 << 20,
  /** Pause between two discoveries of a watched folder. */
  fileDiscoveryIntervalMs: 1000,
  /** Files that one file source may find. */
  filesMax: 100_000,
  /** Size at which a file sink closes a part, unless its rolling policy says otherwise; Flink's default. */
  filePartBytes: 128 << 20,
  /** Bytes that a file writer gathers before it writes. */
  fileWriteBytes: 1 << 20,
  /** Open buckets of one file writer. */
  openBucketsMax: 1024,
  /** Rows of one Parquet row group that is being written. */
  parquetRowGroupRowsMax: 100_000,
  /** Bytes, estimated, that the unwritten row groups of one file writer hold. */
  parquetRowGroupBytesMax: 64 << 20,
  /** Subtasks of one operator; Flink's upper bound of max parallelism. */
  parallelismMax: 32_768,
  /** Elements that executeAndCollect keeps in memory. */
  collectedRecordsMax: 10_000_000,
  /** Nesting depth of a key. */
  keyDepthMax: 16,
  /** Nesting depth of a state value. */
  stateValueDepthMax: 100,
  /** Longest time that the embedded scheduler computes before signals and I/O get their turn. */
  schedulerTurnMs: 20,
  /** Interval at which sinks publish what their rolling policy has closed. */
  commitIntervalMs: 1000,
  /** Longest wait of the embedded scheduler before it looks at its clock again. */
  schedulerWaitMsMax: 50,
  /** Elements of list state that are written as one place: what an append rewrites at most. */
  stateListChunk: 64,
  /** Slots of the ring in which a subtask's log lives; fixed for the life of a run. */
  logRingSlots: 1024,
  /** Slots of the ring that only items without a batch may use: epochs and seals find room on an idle subtask. */
  logRingReservedSlots: 16,
  /** Payload of a log item that is stored in the item itself; DynamoDB bills 1 KB units, S3 a flat price. */
  logInlineBytesMax: 12 << 10,
  /** Largest log item; DynamoDB's is 400 KB. */
  logItemBytesMax: 350 << 10,
  /** Largest frame; a Kinesis record is at most 1 MB. */
  frameBytesMax: 1 << 20,
} as const;
