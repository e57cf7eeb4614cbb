import { describe, expect, test } from 'vitest';
import { Quiet } from '#local/quiet.ts';

describe('lock-step: when the next slice may be announced', () => {
  test('not before every stream mapping is past the last record and every intent queue is empty', async () => {
    let idle = false;
    let left = 1;
    const quiet = new Quiet({ streamsIdle: () => idle, intentsLeft: async () => left });
    const order: string[] = [];
    const waiting = quiet.wait(new AbortController().signal).then(() => order.push('quiet'));
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await turn();
    idle = true;
    order.push('streams idle');
    quiet.progress();
    await turn();
    left = 0;
    order.push('queues empty');
    quiet.progress();
    await waiting;
    expect(order).toEqual(['streams idle', 'queues empty', 'quiet']);
  });

  test('something that ends while it looks is not missed', async () => {
    let left = 1;
    const quiet: Quiet = new Quiet({
      streamsIdle: () => true,
      async intentsLeft() {
        const seen = left;
        left = 0;
        quiet.progress();
        return seen;
      },
    });
    await quiet.wait(new AbortController().signal);
    expect(left).toBe(0);
  });

  test('waiting ends when it is no longer wanted', async () => {
    const ending = new AbortController();
    const quiet = new Quiet({ streamsIdle: () => false, intentsLeft: async () => 0 });
    const waiting = quiet.wait(ending.signal);
    ending.abort();
    await expect(waiting).rejects.toThrow(/abort/);
  });
});
