import { Worker } from 'node:worker_threads';

/** A running `dynalite`. */
export interface DynamoDbEmulator {
  readonly endpoint: string;
  /** Settles when the thread ends, with the reason; an end that nobody asked for is a failure of the run. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Starts `dynalite`, in memory, in a thread of its own, on a free loopback port. */
export async function startDynamoDb(): Promise<DynamoDbEmulator> {
  const thread = new Worker(new URL('./dynamodb-thread.mjs', import.meta.url), { env: {} });
  const ended = new Promise<string>((resolve) => {
    thread.once('error', (error) => resolve(`dynalite failed: ${error.message}`));
    thread.once('exit', (code) => resolve(`dynalite ended with code ${code}`));
  });
  const { port } = await new Promise<{ port: number }>((resolve, reject) => {
    thread.once('message', resolve);
    ended.then((reason) => reject(new Error(reason)), reject);
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    ended,
    async stop() {
      await thread.terminate();
    },
  };
}
