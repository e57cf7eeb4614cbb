import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, type DynamoDBClientConfig, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '#adapters/dynamodb/client.ts';
import type { Table } from '#adapters/dynamodb/table.ts';
import { startDynamoDb } from '#local/emulators/dynamodb.ts';

/** Settings of a client that must never look at the environment of the person at the keyboard. */
export const localSettings = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const satisfies DynamoDBClientConfig;

/** A running DynamoDB emulator that makes empty tables. */
export interface EmulatedTables {
  readonly endpoint: string;
  create(tableName: string): Promise<Table>;
  stop(): Promise<void>;
}

/** Starts a DynamoDB emulator for tables with the string keys `pk` and `sk`. */
export async function emulatedTables(): Promise<EmulatedTables> {
  const emulator = await startDynamoDb();
  const client = dynamoClient({ endpoint: emulator.endpoint, ...localSettings });
  return {
    endpoint: emulator.endpoint,
    async create(tableName) {
      await client.send(
        new CreateTableCommand({
          TableName: tableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
        }),
      );
      await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.1 }, { TableName: tableName });
      return { client, tableName };
    },
    async stop() {
      client.destroy();
      await emulator.stop();
    },
  };
}

/** What a bad line does with one request: pass it on, lose the reply after it took effect, or answer in its place. */
export type Fate = 'pass' | 'lose-reply' | { readonly answer: unknown };

/** Puts a bad line in front of a service. `fate` sees the operation's name and the body of every request, in order. */
export async function badLine(
  endpoint: string,
  fate: (operation: string, body: unknown) => Fate,
): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
    const decided = fate(operation, JSON.parse(body.toString()));
    if (typeof decided === 'object') {
      outgoing.setHeader('content-type', 'application/x-amz-json-1.0').end(JSON.stringify(decided.answer));
      return;
    }
    const onward = request(endpoint, { method: incoming.method, headers: incoming.headers }, (reply) => {
      if (decided === 'lose-reply') outgoing.destroy();
      else reply.pipe(outgoing.writeHead(reply.statusCode ?? 500, reply.headers));
    });
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
