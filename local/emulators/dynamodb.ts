import { Worker } from 'node:worker_threads';

/** A running `dynalite`. */
export interface DynamoDbEmulator {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Starts `dynalite`, in memory, in a thread of its own, on a free loopback port. */
export async function startDynamoDb(): Promise<DynamoDbEmulator> {
  const thread = new Worker(new URL('./dynamodb-thread.mjs', import.meta.url), { env: {} });
  const { port } = await new Promise<{ port: number }>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      await thread.terminate();
    },
  };
}
