import { describe, expect, test } from 'vitest';
import type { IntentQueue } from '#core/ports.ts';
import type { Intent } from '#core/trading/intent.ts';

/** An entry of two ES contracts, unless said otherwise. */
export function anIntent(changed: Partial<Intent> = {}): Intent {
  return {
    schemaVersion: 1,
    id: 'ibs:ES:1731430800000:enter',
    strategyId: 'ibs',
    root: 'ES',
    tradedRoot: 'ES',
    contract: 'ESZ2024',
    kind: 'enter',
    side: 'long',
    quantity: 2,
    signalPrice: 0.1 + 0.2,
    brokerStopPrice: null,
    decisionTimeMs: 1_731_430_800_000,
    expiresAtMs: 1_731_430_845_000,
    epoch: 1,
    origin: 'slice',
    reason: 'signal',
    ...changed,
  };
}

/** A queue with the other end in hand. */
export interface QueueInHand {
  readonly queue: IntentQueue;
  /** Everything that can be had now, in order, taken for good. */
  drain(): Promise<Intent[]>;
  /** Lets time pass, milliseconds. */
  pass(timeMs: number): void;
}

const entry = anIntent();
const exit = anIntent({ id: 'ibs:ES:1:exit:1', kind: 'exit', expiresAtMs: null });
const other = anIntent({ id: 'ibs:NQ:1731430800000:enter', root: 'NQ', tradedRoot: 'NQ', contract: 'NQZ2024' });

/** What every intent queue keeps. `make` gives an empty one. */
export function intentQueueContract(name: string, make: () => Promise<QueueInHand>): void {
  describe(`the ${name} intent queue`, () => {
    test('brings intents as they were published, in order within a lane', async () => {
      const { queue, drain } = await make();
      await queue.publish([entry, other]);
      await queue.publish([exit]);
      const taken = await drain();
      expect(taken.filter(({ root }) => root === 'ES')).toEqual([entry, exit]);
      expect(taken.filter(({ root }) => root === 'NQ')).toEqual([other]);
    });

    test('swallows an intent that is published again within five minutes, waiting or taken', async () => {
      const { queue, drain, pass } = await make();
      await queue.publish([entry, entry]);
      expect(await drain()).toEqual([entry]);
      pass(299_000);
      await queue.publish([entry]);
      expect(await drain()).toEqual([]);
    });

    test('brings an intent again that is published again after five minutes', async () => {
      const { queue, drain, pass } = await make();
      await queue.publish([entry]);
      await drain();
      pass(301_000);
      await queue.publish([entry]);
      expect(await drain()).toEqual([entry]);
    });

    test('publishes nothing without an error', async () => {
      const { queue, drain } = await make();
      await queue.publish([]);
      expect(await drain()).toEqual([]);
    });
  });
}
