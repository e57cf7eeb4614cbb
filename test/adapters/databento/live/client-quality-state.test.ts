import { describe, expect, test } from 'vitest';
import { errorCodes } from '../../../../adapters/databento/dbn/enums.ts';
import { barClientOf, brief, clientOf, collect, collectBrief } from './live-harness.ts';
import {
  ack,
  bar,
  gatewayError,
  MINUTE_NS,
  mapping,
  marker,
  replayed,
  ScriptedGateway,
  START_NS,
  system,
  trade,
} from './scripted-gateway.ts';
import { until } from './test-clock.ts';

describe('client quality: nautilus 3877, a start that is ignored after the session has begun', () => {
  test('a start is refused once the client runs, and live subscriptions are taken and kept', async () => {
    const asked: unknown[][] = [];
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      const requests = await connection.begin();
      asked.push(requests.map(({ schema, start, id }) => [id, schema, start]));
      if (connection.number > 1) return;
      connection.send(ack(1, 'ohlcv-1m'));
      const late = await connection.line();
      asked.push([late]);
      connection.send(ack(2, 'trades', START_NS + 5n), trade(START_NS + MINUTE_NS));
      connection.end();
    });
    const client = barClientOf(gateway);
    let sessions = 0;
    await collect(client, (event) => {
      if (event.kind === 'subscribed' && sessions === 1 && client.subscriptions.length === 1) {
        const request = { schema: 'trades', symbols: ['esz6'] } as const;
        expect(() => client.subscribe({ ...request, start: START_NS })).toThrow(
          expect.objectContaining({ code: 'usage' }),
        );
        expect(client.subscribe(request)).toBe(2);
      }
      return event.kind === 'connected' && ++sessions === 2;
    });
    expect(asked).toEqual([
      [[1, 'ohlcv-1m', null]],
      ['schema=trades|stype_in=raw_symbol|symbols=ESZ6|snapshot=0|is_last=1|id=2'],
      [
        [1, 'ohlcv-1m', START_NS],
        [2, 'trades', START_NS + MINUTE_NS - 10_000_000_000n],
      ],
    ]);
  });
});

describe('client quality: nautilus and others, duplicates after a replay', () => {
  test('what the gateway delivers twice comes once: in the next session, and bars in the same one', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      const ticks = [trade(START_NS, { sequence: 1 }), trade(START_NS, { sequence: 2 }), trade(START_NS + 1n)];
      connection.send(bar(0), bar(1), bar(0), marker(1), ...ticks);
      if (connection.number < 3) connection.end();
      else connection.send(trade(START_NS + 1n, { sequence: 9 }), bar(0, 2), bar(2), replayed('trades'));
    });
    const client = clientOf(gateway);
    client.subscribe({ schema: 'ohlcv-1m', symbols: ['ES.FUT'], stypeIn: 'parent', start: START_NS });
    client.subscribe({ schema: 'trades', symbols: ['ESZ6'], start: START_NS });
    const events = await collectBrief(client, 'replay-completed', 'bar', 'marker', 'trade');
    expect(events).toEqual([
      ...['bar 0', 'bar 1', 'marker 1', 'trade', 'trade', 'trade'],
      ...['trade', 'bar 0', 'bar 2'],
    ]);
    expect(client.counters.duplicates).toBe(15);
  });

  test('a bar that comes after later ones is neither lost nor doubled, wherever the session ends', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      const [request] = await connection.begin();
      // The gateway has the bar of minute 3 late, after the marker of minute 6.
      const stream = [bar(2), marker(2), marker(3), bar(4), marker(4), bar(5), marker(5), marker(6), bar(3), bar(7)];
      const from = stream.filter(({ ts_event }) => ts_event >= (request!.start ?? START_NS));
      connection.send(...from.slice(0, connection.number * 2));
      if (connection.number < 5) connection.end();
    });
    const client = clientOf(gateway);
    client.subscribe({ schema: 'ohlcv-1m', symbols: ['ES.FUT'], stypeIn: 'parent', start: START_NS });
    const events = await collectBrief(client, 'bar 7', 'bar');
    expect(events).toEqual(['bar 2', 'bar 4', 'bar 5', 'bar 3', 'bar 7']);
  });
});

describe('client quality: a continuous contract that is never mapped anew', () => {
  test('a roll is picked up by reconnecting, which loses nothing, and is told', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      if (connection.number === 1) connection.send(mapping(1, 'ES.c.0', 'ESZ6'), bar(0, 1), marker(0));
      else connection.send(mapping(2, 'ES.c.0', 'ESH7'), marker(0), bar(1, 2));
    });
    const client = clientOf(gateway);
    client.subscribe({ schema: 'ohlcv-1m', symbols: ['es.c.0'], stypeIn: 'continuous', start: START_NS });
    const events = await collect(client, (event) => {
      if (brief(event) === 'marker 0') client.reconnect();
      return brief(event) === 'bar 1';
    });
    expect(events).toContainEqual({
      kind: 'symbol-changed',
      symbol: 'ES.c.0',
      from: 'ESZ6',
      to: 'ESH7',
      instrumentId: 2,
    });
    expect(events).toContainEqual({ kind: 'disconnected', reason: 'asked to reconnect', retryInMs: 250 });
    expect(events.map(brief).filter((text) => /bar|marker/.test(text))).toEqual(['bar 0', 'marker 0', 'bar 1']);
  });
});

describe('client quality: docs 2026-04, records skipped by default, and symbol errors that are not fatal', () => {
  test('the slow-reader behaviour is always sent, and is to leave nothing out unless asked', async () => {
    const sent: (string | undefined)[] = [];
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      sent.push((await connection.authenticate()).get('slow_reader_behavior'));
      connection.end();
    });
    await collect(barClientOf(gateway), ({ kind }) => kind === 'disconnected');
    await collect(barClientOf(gateway, { slowReaderBehavior: 'skip' }), ({ kind }) => kind === 'disconnected');
    expect(sent).toEqual(['warn', 'skip']);
  });

  test('a symbol that stands for nothing is told and kept, and comes to life when it is mapped', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      const code = errorCodes.symbolResolutionFailed;
      connection.send(gatewayError(code, 'Failed to resolve symbol: ESU9', 0));
      connection.send(gatewayError(code, 'Failed to resolve symbol: NQU9'), bar(0));
      await until(() => errors.length > 0);
      connection.send(mapping(9, 'ESU9', 'ESU9'), bar(1, 9));
    });
    const client = clientOf(gateway);
    client.subscribe({ schema: 'ohlcv-1m', symbols: ['esu9', 'esz6', 'nqu9'] });
    const errors: string[][] = [];
    const events = await collect(client, (event) => {
      if (brief(event) === 'bar 0') errors.push([...client.symbols.errors.keys()]);
      return brief(event) === 'bar 1';
    });
    expect(events).toContainEqual({
      kind: 'symbol-error',
      symbol: 'ESU9',
      message: 'Failed to resolve symbol: ESU9',
    });
    expect(errors).toEqual([['ESU9', 'NQU9']]);
    expect([...client.symbols.errors.keys()]).toEqual(['NQU9']);
    expect(client.counters).toMatchObject({ symbolErrors: 2, disconnects: 0 });
  });

  test('warnings of slow reading and reports of skipped records are told and counted', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      const skipped = gatewayError(errorCodes.skippedRecordsAfterSlowReading, 'Slow client detected for mbp-1');
      connection.send(system('slowReaderWarning', 'Warning: slow reading, 5 s behind'), skipped, bar(0));
    });
    const client = barClientOf(gateway);
    const events = await collect(client, (event) => brief(event) === 'bar 0');
    const told = events.flatMap((event) => (event.kind === 'slow-reader' ? [event.isSkipping] : []));
    expect(told).toEqual([false, true]);
    expect(client.counters.slowReaderWarnings).toBe(2);
  });

  test('an acknowledgement is told and kept, however late it comes', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      if (connection.number === 1) connection.send(bar(0), ack(1, 'ohlcv-1m'));
      if (connection.number === 1) connection.end();
    });
    const client = barClientOf(gateway);
    const told: unknown[] = [];
    let sessions = 0;
    await collect(client, (event) => {
      if (event.kind === 'subscribed') told.push([event.subscriptionId, client.subscriptions[0]?.status]);
      return event.kind === 'connected' && ++sessions === 2;
    });
    expect(told).toEqual([[1, 'acknowledged']]);
    // The next session has it still to acknowledge.
    expect(client.subscriptions).toMatchObject([{ id: 1, status: 'pending' }]);
  });
});

describe('client quality: python live, a map with the resolved symbol only', () => {
  test('both symbols of an id are kept, and those of the last session are not', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      if (connection.number === 1) {
        connection.send(mapping(1, 'ES.FUT', 'ESZ6'), mapping(2, 'ES.FUT', 'ESZ6-ESH7'), mapping(1, 'ESZ6', 'ESZ6'));
        connection.send(bar(0));
        await until(() => client.counters.records === 4);
        connection.end();
      } else connection.send(mapping(1, 'ES.FUT', 'ESH7'), bar(1));
    });
    const client = barClientOf(gateway);
    const maps: unknown[] = [];
    await collect(client, (event) => {
      if (brief(event).startsWith('bar')) maps.push(Object.fromEntries(client.symbols.entries()));
      return brief(event) === 'bar 1';
    });
    expect(maps).toEqual([
      {
        1: { symbolsIn: new Set(['ES.FUT', 'ESZ6']), symbolOut: 'ESZ6' },
        2: { symbolsIn: new Set(['ES.FUT']), symbolOut: 'ESZ6-ESH7' },
      },
      { 1: { symbolsIn: new Set(['ES.FUT']), symbolOut: 'ESH7' } },
    ]);
  });

  test('a record of an id without a mapping comes all the same', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(bar(0, 77));
    });
    const client = barClientOf(gateway);
    const events = await collect(client, (event) => brief(event) === 'bar 0');
    expect(events.at(-1)).toMatchObject({ record: { instrument_id: 77 } });
    expect(client.symbols.get(77)).toBeUndefined();
  });
});
