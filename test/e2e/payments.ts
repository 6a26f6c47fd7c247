/** Payments as objects under a watched prefix, and what a job tells of them to its sinks. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-kinesis';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { expect } from 'vitest';
import type { Balance, Payment } from './apps/payments-job.ts';
import type { AwsClients } from './aws-stores.ts';
import { sweep } from './deployed-job.ts';
import { OBJECTS_BUCKET } from './objects-bucket.ts';
import { type Outputs, outputOf } from './stack-outputs.ts';
import { until } from './until.ts';

const ACCOUNTS = 30;
const PAYMENTS_AN_OBJECT = 300;
const PAID_MS_MAX = 60_000;
const PAUSE_MS = 500;
const MESSAGES_MAX = 10;

/** The payments of object `index`. */
function paymentsOf(index: number): readonly Payment[] {
  return Array.from({ length: PAYMENTS_AN_OBJECT }, (_, i) => ({
    account: `account-${(i * 7 + index) % ACCOUNTS}`,
    amount: i + index,
  }));
}

/** Puts an object with payments. */
export async function putPayments({ s3 }: AwsClients, index: number): Promise<void> {
  const Body = `${paymentsOf(index)
    .map((payment) => JSON.stringify(payment))
    .join('\n')}\n`;
  await s3.send(new PutObjectCommand({ Bucket: OBJECTS_BUCKET, Key: `payments/${index}.ndjson`, Body }));
}

/** Sweeps until the payments of the objects 0 to `objects` - 1 are in all three sinks, and nothing else. */
export async function expectPayments(clients: AwsClients, outputs: Outputs, objects: number): Promise<void> {
  const payments = Array.from({ length: objects }, (_, index) => paymentsOf(index)).flat();
  const expected = balancesOf(payments);
  const items = await until({
    what: `${payments.length} payments are in the table`,
    msMax: PAID_MS_MAX,
    pauseMs: PAUSE_MS,
    look: async () => {
      await sweep(clients, 'Paid');
      const found = await itemsOf(clients, outputOf(outputs, 'BalancesTable'));
      const paid = found.reduce((sum, { payments: count }) => sum + count, 0);
      return paid < payments.length ? undefined : found;
    },
  });
  expect(sorted(items)).toEqual(sorted(expected));
  const records = await recordsOf(clients, outputOf(outputs, 'RecordsStream'));
  expectEach(records, payments.length, expected);
  expectEach(await messagesOf(clients, outputOf(outputs, 'MessagesQueue')), payments.length, expected);
}

function balancesOf(payments: readonly Payment[]): readonly Balance[] {
  const balances = new Map<string, Balance>();
  for (const { account, amount } of payments) {
    const before = balances.get(account) ?? { account, amount: 0, payments: 0 };
    balances.set(account, { account, amount: before.amount + amount, payments: before.payments + 1 });
  }
  return [...balances.values()];
}

/** At least once: each payment of each account has told its balance, and the last is the account's. */
function expectEach(told: readonly Balance[], payments: number, expected: readonly Balance[]): void {
  const distinct = new Map(told.map((balance) => [`${balance.account} ${balance.payments}`, balance]));
  expect(distinct.size).toBe(payments);
  for (const { account, payments: count, amount } of expected) {
    expect(distinct.get(`${account} ${count}`)).toMatchObject({ amount });
  }
}

function sorted(balances: readonly Balance[]): readonly Balance[] {
  return balances.toSorted((a, b) => (a.account < b.account ? -1 : 1));
}

async function itemsOf({ dynamo }: AwsClients, TableName: string): Promise<readonly Balance[]> {
  const { Items = [] } = await dynamo.send(new ScanCommand({ TableName, ConsistentRead: true }));
  return Items.map((item) => {
    // What the job writes.
    const { millraceVersion, ...balance } = unmarshall(item) as Balance & { millraceVersion: unknown };
    expect(millraceVersion).toBeDefined();
    return balance;
  });
}

async function recordsOf({ kinesis }: AwsClients, StreamName: string): Promise<readonly Balance[]> {
  const begin = new GetShardIteratorCommand({
    StreamName,
    ShardId: 'shardId-000000000000',
    ShardIteratorType: 'TRIM_HORIZON',
  });
  let { ShardIterator } = await kinesis.send(begin);
  const found: Balance[] = [];
  for (;;) {
    const page = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
    for (const { Data = [] } of page.Records ?? []) found.push(JSON.parse(Buffer.from(Data).toString()));
    if ((page.Records ?? []).length === 0) return found;
    ShardIterator = page.NextShardIterator;
  }
}

/** Takes all messages out of the queue: they are there again after a time, if they are not deleted. */
async function messagesOf({ sqs }: AwsClients, QueueUrl: string): Promise<readonly Balance[]> {
  const found: Balance[] = [];
  for (;;) {
    const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: MESSAGES_MAX });
    const { Messages = [] } = await sqs.send(receive);
    if (Messages.length === 0) return found;
    found.push(...Messages.map(({ Body = '' }) => JSON.parse(Body)));
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}
