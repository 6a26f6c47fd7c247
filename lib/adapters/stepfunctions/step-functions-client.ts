import { SFNClient } from '@aws-sdk/client-sfn';
import { awsClientOptions } from '../aws-client-options.ts';

let client: SFNClient | undefined;

/** The client of this process. */
export function stepFunctionsClient(): SFNClient {
  client ??= new SFNClient(awsClientOptions());
  return client;
}
