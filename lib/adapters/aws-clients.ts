/** Clients of AWS services, each made once in a process. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { LIMITS } from '../core/limits.ts';

/** What every client is made with: its waits end before those of a function, and all speak HTTP/1.1. */
function clientOptions() {
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: LIMITS.awsConnectionMsMax,
    requestTimeout: LIMITS.awsRequestMsMax,
  });
  return { maxAttempts: LIMITS.awsAttemptsMax, requestHandler };
}

export function createDynamoDbClient(): DynamoDBClient {
  return new DynamoDBClient(clientOptions());
}

export function createKinesisClient(): KinesisClient {
  return new KinesisClient(clientOptions());
}

export function createLambdaClient(): LambdaClient {
  return new LambdaClient(clientOptions());
}

export function createS3Client(): S3Client {
  return new S3Client(clientOptions());
}
