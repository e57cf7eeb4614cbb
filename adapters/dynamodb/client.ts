import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { boundedRequests } from '../bounded-requests.ts';

/** A DynamoDB client that gives up. Region, credentials and endpoint come from the environment, unless given. */
export function dynamoClient(overrides: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({ ...boundedRequests(), ...overrides });
}
