import { LambdaClient } from '@aws-sdk/client-lambda';
import { LIMITS } from '../../core/limits.ts';
import { awsClientOptions } from '../aws-client-options.ts';

let client: LambdaClient | undefined;
let patient: LambdaClient | undefined;

/** The client of this process. */
export function lambdaClient(): LambdaClient {
  client ??= new LambdaClient(awsClientOptions());
  return client;
}

/** A client that waits for functions. */
export function patientLambdaClient(): LambdaClient {
  patient ??= new LambdaClient(awsClientOptions(LIMITS.functionAnswerMsMax));
  return patient;
}
