import { SQSClient } from '@aws-sdk/client-sqs';
import { awsClientOptions } from '../aws-client-options.ts';

let client: SQSClient | undefined;

/** The client of this process. */
export function sqsClient(): SQSClient {
  client ??= new SQSClient(awsClientOptions());
  return client;
}
