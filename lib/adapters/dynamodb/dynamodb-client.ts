import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { awsClientOptions } from '../aws-client-options.ts';

let client: DynamoDBClient | undefined;

/** The client of this process. */
export function dynamoDbClient(): DynamoDBClient {
  client ??= new DynamoDBClient(awsClientOptions());
  return client;
}
