import type { IntentQueue } from '#core/ports.ts';
import type { Intent } from '#core/trading/intent.ts';

/** A queue in memory that keeps every intent once, like a FIFO queue within its deduplication window. */
export function memoryIntentQueue(): IntentQueue & { take(): Intent | undefined } {
  const seen = new Set<string>();
  const waiting: Intent[] = [];
  return {
    async publish(intents) {
      for (const intent of intents) {
        if (seen.has(intent.id)) continue;
        seen.add(intent.id);
        waiting.push(intent);
      }
    },
    take: () => waiting.shift(),
  };
}
