/** What AWS charges. Unit of every price: US dollars. */

/** Prices of one region at one date. */
export interface PriceTable {
  readonly region: string;
  /** When they were looked up, `2026-11-01`. */
  readonly date: string;
  readonly prices: Prices;
}

export type Prices = Readonly<Record<PriceName, number>>;

export type PriceName = (typeof PRICE_NAMES)[number];

/** Every price, with its unit. */
export const PRICE_NAMES = [
  /** A provisioned shard for an hour. */
  'kinesisShardHour',
  /** A million PUT payload units of 25 KB. */
  'kinesisPutUnitsMillion',
  /** A million invocations. */
  'lambdaRequestsMillion',
  /** A million GB-seconds on arm64. */
  'lambdaGbSecondsMillion',
  /** A million write request units of 1 KB, on demand. */
  'dynamodbWriteUnitsMillion',
  /** A million read request units of 4 KB, on demand. */
  'dynamodbReadUnitsMillion',
  /** A million PUT requests. */
  's3PutsMillion',
  /** A GB for a month. */
  's3GbMonth',
  /** A million state transitions of standard workflows. */
  'stepFunctionsTransitionsMillion',
  /** A million invocations by EventBridge Scheduler. */
  'schedulerInvocationsMillion',
  /** A GB of logs taken in. */
  'logsGb',
  /** A custom metric for a month. */
  'metricMonth',
  /** An alarm on one metric for a month. */
  'alarmMonth',
  /** A Kinesis processing unit of Managed Service for Apache Flink for an hour. */
  'managedFlinkUnitHour',
  /** A GB of its running application storage for a month. */
  'managedFlinkStorageGbMonth',
] as const;

/** List prices of us-east-1, without the free tier. Source: the price pages of the services. */
export const US_EAST_1: PriceTable = {
  region: 'us-east-1',
  date: '2026-11-01',
  prices: {
    kinesisShardHour: 0.015,
    kinesisPutUnitsMillion: 0.014,
    lambdaRequestsMillion: 0.2,
    lambdaGbSecondsMillion: 13.3334,
    dynamodbWriteUnitsMillion: 0.625,
    dynamodbReadUnitsMillion: 0.125,
    s3PutsMillion: 5,
    s3GbMonth: 0.023,
    stepFunctionsTransitionsMillion: 25,
    schedulerInvocationsMillion: 1,
    logsGb: 0.5,
    metricMonth: 0.3,
    alarmMonth: 0.1,
    managedFlinkUnitHour: 0.11,
    managedFlinkStorageGbMonth: 0.1,
  },
};
