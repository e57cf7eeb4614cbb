import { buildApp } from 'fauxqs';

/** Messages of one queue by state. */
export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** A running `fauxqs`. */
export interface SqsEmulator {
  readonly endpoint: string;
  /** Messages of every queue, by queue name, read without touching them. */
  depths(): Promise<ReadonlyMap<string, QueueDepth>>;
  stop(): Promise<void>;
}

interface ListedQueue {
  readonly name: string;
  readonly approximateMessageCount: number;
  readonly approximateInflightCount: number;
  readonly approximateDelayedCount: number;
}

/** Starts `fauxqs` in this process, in memory, on a free loopback port. Its own starter would bind every interface. */
export async function startSqs(): Promise<SqsEmulator> {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    endpoint,
    async depths() {
      const reply = await app.inject({ method: 'GET', url: '/_fauxqs/queues' });
      return new Map(
        reply.json<ListedQueue[]>().map((queue) => [
          queue.name,
          {
            visible: queue.approximateMessageCount,
            inFlight: queue.approximateInflightCount,
            delayed: queue.approximateDelayedCount,
          },
        ]),
      );
    },
    async stop() {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}
