import { KinesisClient } from '@aws-sdk/client-kinesis';
import { awsClientOptions } from '../aws-client-options.ts';

let client: KinesisClient | undefined;

/** The client of this process. */
export function kinesisClient(): KinesisClient {
  client ??= new KinesisClient(awsClientOptions());
  return client;
}
