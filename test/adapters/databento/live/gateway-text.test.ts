import { describe, expect, test } from 'vitest';
import { schemaIn, subscriptionIdIn, symbolIn } from '../../../../adapters/databento/live/gateway-text.ts';

describe('what the gateway says in words', () => {
  test.each([
    ['Subscription request 12 for trades data succeeded', 12],
    ['Invalid subscription: id=3', 3],
    ['Subscription #7 is not allowed', 7],
    ['Internal error', null],
  ])('the subscription in %j', (text, id) => expect(subscriptionIdIn(text)).toBe(id));

  test.each([
    ['Finished ohlcv-1m replay', 'ohlcv-1m'],
    ['End of interval for cbbo-1s', 'cbbo-1s'],
    ['Subscription request 1 for mbp-10 data succeeded', 'mbp-10'],
    ['Replay of trades aged out', 'trades'],
    ['Heartbeat', null],
  ])('the schema in %j', (text, schema) => expect(schemaIn(text)).toBe(schema));

  test.each([
    ['Failed to resolve symbol: ESZ6', 'ESZ6'],
    ["Failed to resolve symbol 'ES.FUT'.", 'ES.FUT'],
    ['Failed to resolve symbol ESZ6-ESH7', 'ESZ6-ESH7'],
    ['Failed to resolve symbol MESZ6', null],
    ['Failed to resolve symbol ES.FUT.', 'ES.FUT'],
    ['Failed to resolve symbol ES.FUT.X', null],
  ])('the symbol in %j', (text, symbol) => {
    expect(symbolIn(text, ['ESZ6', 'ES.FUT', 'ESZ6-ESH7'])).toBe(symbol);
  });
});
