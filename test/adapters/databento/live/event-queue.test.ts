import { describe, expect, test } from 'vitest';
import { EventQueue } from '../../../../adapters/databento/live/event-queue.ts';

describe('events that wait', () => {
  const event = { kind: 'disconnected', reason: '', retryInMs: 0 } as const;

  test('come out in the order in which they went in', () => {
    const queue = new EventQueue({ events: 10, waitMs: 10 });
    const events = Array.from({ length: 10_000 }, (_, index) => ({ ...event, retryInMs: index }));
    const out: unknown[] = [];
    for (const [index, one] of events.entries()) {
      queue.push(one, 0);
      if (index % 3 === 0) out.push(queue.shift());
    }
    while (queue.length > 0) out.push(queue.shift());
    expect(out).toEqual(events);
    expect(queue.shift()).toBeUndefined();
  });

  test('are too many by number, or when the oldest has waited for too long', () => {
    const queue = new EventQueue({ events: 2, waitMs: 100 });
    queue.push(event, 0);
    expect([queue.isFull(100), queue.isFull(101)]).toEqual([false, true]);
    queue.push(event, 50);
    expect(queue.isFull(50)).toBe(true);
    queue.shift();
    expect([queue.isFull(150), queue.isFull(151)]).toEqual([false, true]);
    queue.shift();
    expect(queue.isFull(1_000)).toBe(false);
  });
});
