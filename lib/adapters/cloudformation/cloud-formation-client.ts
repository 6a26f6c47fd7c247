import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { awsClientOptions } from '../aws-client-options.ts';

let client: CloudFormationClient | undefined;

/** The client of this process. */
export function cloudFormationClient(): CloudFormationClient {
  client ??= new CloudFormationClient(awsClientOptions());
  return client;
}
