import { S3Client } from '@aws-sdk/client-s3';
import { awsClientOptions } from '../aws-client-options.ts';

let client: S3Client | undefined;

/** The client of this process. */
export function s3Client(): S3Client {
  client ??= new S3Client(awsClientOptions());
  return client;
}
