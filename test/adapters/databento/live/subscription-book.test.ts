import { describe, expect, test } from 'vitest';
import { SubscriptionBook } from '../../../../adapters/databento/live/subscription-book.ts';

describe('the book of subscriptions', () => {
  const request = { schema: 'trades', symbols: ['ESZ6'] } as const;

  test('numbers from 1 and spells symbols as the gateway does', () => {
    const book = new SubscriptionBook();
    expect(book.add(request).id).toBe(1);
    expect(book.add({ schema: 'trades', stypeIn: 'continuous', symbols: ['es.C.0'] })).toMatchObject({
      id: 2,
      symbols: ['ES.c.0'],
    });
  });

  test('finds the subscription that the gateway does not want', () => {
    const book = new SubscriptionBook();
    for (let count = 0; count < 3; count++) book.add(request);
    book.acknowledge(1);
    expect([book.blamed(3)?.id, book.blamed(null)?.id, book.blamed(99)?.id]).toEqual([3, 2, 2]);
    book.refuse(2);
    expect(book.blamed(null)?.id).toBe(3);
    expect(book.active.map(({ id }) => id)).toEqual([1, 3]);
  });

  test('refuses tbbo beside mbp-1, because their records look the same', () => {
    const book = new SubscriptionBook();
    book.add({ schema: 'tbbo', symbols: ['ESZ6'] });
    book.add({ schema: 'tbbo', symbols: ['NQZ6'] });
    expect(() => book.add({ schema: 'mbp-1', symbols: ['ESZ6'] })).toThrow('cannot be told apart');
  });
});
