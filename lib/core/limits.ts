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
  /** Files that one file writer hands to the device at the same time. */
  fileSyncsMax: 16,
  /** Pieces of buffered rows in the state of a file sink that are joined to a larger one. */
  fileRowChunksJoined: 16,
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
  /** Wait for the lock of a state directory: others than its owner hold it for a moment only. */
  stateLockWaitMs: 100,
  /** Interval at which a running job looks for requests in its state directory. */
  jobRequestLookMs: 250,
  /** Interval at which who made a request looks for the answer. */
  jobAnswerLookMs: 50,
  /** Longest wait for the answer: a job writes its whole state before it gives it. */
  jobAnswerWaitMs: 600_000,
  /** Longest wait of the embedded scheduler before it looks at its clock again. */
  schedulerWaitMsMax: 50,
  /** Bytes of log that an embedded job keeps before it writes its whole state anew, however small that is. */
  embeddedLogBytesMin: 4 << 20,
  /** Commits of an embedded job behind its base: the ring of its logs never comes round to one it needs. */
  embeddedLogVersionsMax: 900,
  /** Log items that an embedded job reads at once when it goes on. */
  embeddedLogPageItems: 16,
  /** Keys whose state one operator of one subtask keeps in memory while its state is in a table. */
  residentKeysMax: 100_000,
  /** Bytes, estimated, of that state. */
  residentKeyBytesMax: 128 << 20,
  /** Keys that are loaded from a remote table in one call. */
  tableLoadKeysMax: 100,
  /** Rows that are written to a remote table in one call: what a repetition repeats. */
  tableWriteRowsMax: 1000,
  /** Elements of list state that are written as one place: what an append rewrites at most. */
  stateListChunk: 64,
  /** Slots of the ring in which a subtask's log lives; fixed for the life of a run. */
  logRingSlots: 1024,
  /** Slots of the ring that only items without a batch may use, so that an idle subtask can be sealed. */
  logRingReservedSlots: 16,
  /** Payload of a log item that is stored in the item itself; DynamoDB bills 1 KB units, S3 a flat price. */
  logInlineBytesMax: 12 << 10,
  /** Largest log item; DynamoDB's is 400 KB. */
  logItemBytesMax: 350 << 10,
  /** Bytes of encoded chunks of keyed state that are folded in memory at once. */
  foldedChunkBytesMax: 32 << 20,
  /** How long a tombstone stays in a remote table of keyed state: longer than any process is frozen. */
  tombstoneAgeMs: 48 * 3_600_000,
  /** Largest row of keyed state in a remote table, place and value; an item of DynamoDB is at most 400 KB. */
  tableRowBytesMax: 350 << 10,
  /** Calls to a remote table that are under way at the same time for one batch. */
  tableCallsMax: 32,
  /** Chunk of a full state: one object of a base. */
  stateChunkBytes: 4 << 20,
  /** Encoded bytes from which compression is tried. */
  compressedBytesMin: 1 << 10,
  /** Largest encoded object once it is decompressed. */
  decodedBytesMax: 1 << 30,
  /** Largest frame; a Kinesis record is at most 1 MiB together with its partition key, the id of the run. */
  frameBytesMax: (1 << 20) - (1 << 10),
  /** Rows that a store reads at once when it lists objects or records. */
  storePageRowsMax: 1000,
  /** Longest wait for another tool that writes to the state database. */
  storeLockWaitMs: 5000,
  /** Tries of a coordinator to get behind the writer of a log, or to read a moving log, before it fails. */
  coordinatorAttemptsMax: 24,
  /** Log items that a coordinator reads in one call. */
  coordinatorPageItemsMax: 64,
  /** Rounds in a row in which no subtask consumes anything of its inbox before a restore gives up for now. */
  genesisStalledRoundsMax: 60,
  /** Pause after such a round. */
  genesisPauseMs: 1000,
  /** Bytes of frames, as they were sent, that go into one object of an inbox. */
  inboxObjectBytes: 4 << 20,
  /** Frames that one version consumes of an inbox. */
  inboxFramesPerVersion: 256,
  /** Records of a batch that one version consumes. */
  versionRecordsMax: 1000,
  /** Bytes of such records, as delivered; a larger record is a version of its own. */
  versionBytesMax: 4 << 20,
  /** Records in one frame. */
  frameRecordsMax: 4096,
  /** Frames that wait behind the gaps of all channels of a subtask before what is missing is fetched. */
  parkedFramesMax: 1000,
  /** Age of a gap in a channel from which the missing frames are fetched from their sender's log. */
  channelGapMs: 10_000,
  /** Versions that one invocation loses to other writers before it gives up. */
  invocationConflictsMax: 8,
  /** Time kept free at the end of an invocation for its report. */
  invocationMarginMs: 2000,
  /** Time kept free behind the last version of a polled source, for its records and its sends. */
  pollMarginMs: 10_000,
  /** Time kept free for the answer to CloudFormation. */
  answerMarginMs: 20_000,
  /** Time kept free at the end of an invocation that is waiting, to say so. */
  reportMarginMs: 500,
  /** Tries of one put or send whose outcome is unknown, and of a load that is overtaken. */
  invocationTriesMax: 5,
  /** Attempts of one call to a store in a row. */
  storeTriesMax: 5,
  /** Pause before the second try of a send; doubled for each further one. */
  sendPauseMs: 50,
  /** Log items that a subtask reads in one call. */
  catchUpItemsMax: 64,
  /** Time between two sweeps of a run. */
  sweepIntervalMs: 60_000,
  /** Age of a subtask's last version from which the sweeper has its outbox sent. */
  unsentAgeMs: 30_000,
  /** Items behind a checkpoint that are looked at before a job counts as moved. */
  quietItemsMax: 8,
  /** Age below which nothing is deleted: no writer lives as long. */
  garbageAgeMs: 24 * 60 * 60 * 1000,
  /** Names deleted in one call. */
  deletedNamesMax: 1000,
  /** Segments that a base may list though nobody looks for a frame in them. */
  forgottenSegmentsMax: 64,
  /** Subtasks of one vertex on AWS: a Kinesis shard each, and an entry each in the state of an execution. */
  deployedParallelismMax: 256,
  /** Code of one deployed job without the user's own dependencies. */
  bundleBytesMax: 1_500_000,
  /** Environment of a Lambda function; Lambda's own limit is 4 KB. */
  functionEnvironmentBytesMax: 4 << 10,
  /** Characters of the name under which a deployed job keeps its records. */
  deployedNameCharactersMax: 40,
  /** Time to connect to an AWS service. */
  awsConnectionMsMax: 2000,
  /** Time of one attempt of a call of an AWS service. */
  awsRequestMsMax: 10_000,
  /** Time in which a task function answers a question: the longest timeout that it can have. */
  functionAnswerMsMax: 15 * 60_000,
  /** Tries of such a question while the function asks for patience. */
  functionQuestionsMax: 10,
  /** Pause between them. */
  functionQuestionPauseMs: 1000,
  /** Time in which the first version of a new run is waited for, only to tell how long the pause was. */
  firstVersionMsMax: 10_000,
  /** Pause between two looks for it. */
  firstVersionPauseMs: 100,
  /** Time in which an execution of a state machine is waited for. */
  executionMsMax: 60 * 60_000,
  /** Pause between two looks at it. */
  executionPauseMs: 500,
  /** Attempts of a call of an AWS service by its client. */
  awsAttemptsMax: 3,
  /** Connections of one client of an AWS service. */
  awsSocketsMax: 50,
  /** Looks at an event source mapping while it is to be switched. */
  mappingSwitchesMax: 60,
  /** Pause between them. */
  mappingPauseMs: 2000,
  /** Sweeps between two collections of garbage. */
  sweepsPerCollection: 60,
  /** Dead letters that one call reads when they are to be fed again. */
  deadLettersReadMax: 10_000,
  /** Dead letters that are fed again before their objects are deleted. */
  deadLettersFedTogether: 500,
  /** Dead letters that one call lists. */
  deadLettersListed: 100,
  /** Characters of a record in such a list. */
  deadLetterListedCharacters: 1000,
  /** Dead letters that could not be fed again, as one call names them. */
  deadLettersNamedMax: 100,
  /** Age at which a checkpoint that is not complete is aborted, unless a job sets another; that of Flink. */
  checkpointTimeoutMs: 600_000,
  /** Longest time of an execution that takes a checkpoint or savepoint. */
  checkpointExecutionMsMax: 60 * 60_000,
  /** Complete checkpoints that a run keeps. */
  checkpointsRetained: 3,
  /** The same, as a job may set it: collection reads the manifest of each. */
  checkpointsRetainedMax: 100,
} as const;
