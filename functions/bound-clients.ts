/** Clients of what sinks are bound to; each service is loaded when its first sink commits. */
export const boundClients = {
  dynamoDb: async () => (await import('../lib/adapters/dynamodb/dynamodb-client.ts')).dynamoDbClient(),
  kinesis: async () => (await import('../lib/adapters/kinesis/kinesis-client.ts')).kinesisClient(),
  s3: async () => (await import('../lib/adapters/s3/s3-client.ts')).s3Client(),
  sqs: async () => (await import('../lib/adapters/sqs/sqs-client.ts')).sqsClient(),
};
