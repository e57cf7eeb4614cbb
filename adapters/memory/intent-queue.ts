import type { Clock, IntentQueue } from '#core/ports.ts';
import type { Intent } from '#core/trading/intent.ts';

/** So long a FIFO queue swallows an intent that it was given before, taken or not, milliseconds. */
const DEDUPLICATION_MS = 300_000;

/** A queue in memory with the deduplication of a FIFO queue. What is taken is gone: nobody else is there to take it again. */
export function memoryIntentQueue(clock: Pick<Clock, 'now'>): IntentQueue & { take(): Intent | undefined } {
  const published = new Map<string, number>();
  const waiting: Intent[] = [];
  return {
    async publish(intents) {
      const nowMs = clock.now();
      for (const intent of intents) {
        const beforeMs = published.get(intent.id);
        if (beforeMs !== undefined && nowMs - beforeMs < DEDUPLICATION_MS) continue;
        published.set(intent.id, nowMs);
        waiting.push(structuredClone(intent));
      }
    },
    take: () => waiting.shift(),
  };
}
