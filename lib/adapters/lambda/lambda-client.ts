import { LambdaClient } from '@aws-sdk/client-lambda';
import { awsClientOptions } from '../aws-client-options.ts';

let client: LambdaClient | undefined;

/** The client of this process. */
export function lambdaClient(): LambdaClient {
  client ??= new LambdaClient(awsClientOptions());
  return client;
}
