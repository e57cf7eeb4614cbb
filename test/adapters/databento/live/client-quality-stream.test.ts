import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DbnEncoder } from '../../../../adapters/databento/dbn/encoder.ts';
import { UNDEF_PRICE } from '../../../../adapters/databento/dbn/enums.ts';
import { liveMetadata } from '../../../../adapters/databento/dbn/metadata.ts';
import type { DbnRecord } from '../../../../adapters/databento/dbn/record.ts';
import { encodeRecord } from '../../../../adapters/databento/dbn/record-writer.ts';
import { barClientOf, brief, clientOf, collect, collectBrief } from './live-harness.ts';
import {
  ack,
  bar,
  DATASET,
  gatewayError,
  MINUTE_NS,
  mapping,
  marker,
  replayed,
  ScriptedGateway,
  START_NS,
  system,
} from './scripted-gateway.ts';
import { TestClock, until } from './test-clock.ts';

const bars = (count: number, from = 0): DbnRecord[] => Array.from({ length: count }, (_, index) => bar(from + index));

describe('client quality: python 0.59, a decoder whose buffer grows', () => {
  test('a stream that comes byte by byte is read as one that comes at once', async () => {
    const records = [ack(1, 'ohlcv-1m'), mapping(1, 'ES.FUT', 'ESZ6'), ...bars(20), marker(20)];
    const stream = Buffer.concat(records.map((record) => encodeRecord(record)));
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      for (const byte of stream) {
        connection.send(new Uint8Array([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const events = await collectBrief(barClientOf(gateway), 'marker 20', 'bar', 'marker', 'symmap');
    expect(events).toEqual(['symmap_v2', ...bars(20).map((_, index) => `bar ${index}`), 'marker 20']);
  });
});

describe('client quality: python 0.57.1, ts_out taken from the wrong place', () => {
  test.each([true, false])(
    'the header says whether there is one (%s), not the request, in pieces too',
    async (tsOut) => {
      await using gateway = await ScriptedGateway.listen(async (connection) => {
        await connection.authenticate();
        await connection.subscriptions();
        const encoder = new DbnEncoder({ tsOut });
        encoder.metadata(liveMetadata({ dataset: DATASET, tsOut }));
        encoder.record(bar(0), START_NS);
        encoder.record(bar(1), START_NS + 1n);
        const stream = encoder.take();
        for (let at = 0; at < stream.length; at += 100) {
          connection.send(stream.subarray(at, at + 100));
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      });
      const events = await collect(barClientOf(gateway, { tsOut: !tsOut }), (event) => brief(event) === 'bar 1');
      const times = events.map((event) => (event.kind === 'record' ? event.record : { ts_out: -1n })).slice(1);
      expect(times.map((record) => ('ts_out' in record ? record.ts_out : undefined))).toEqual(
        tsOut ? [START_NS, START_NS + 1n] : [undefined, undefined],
      );
    },
  );
});

describe('client quality: python 0.36, records cut in two, and a heartbeat that was not asked for', () => {
  test('the end of a session inside a record gives no part of it, and the whole of it comes later', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      const second = encodeRecord(bar(1));
      if (connection.number === 1) connection.send(bar(0), second.subarray(0, 30));
      else connection.send(bar(0), second, replayed('ohlcv-1m'));
      if (connection.number === 1) connection.end();
    });
    const events = await collectBrief(barClientOf(gateway), 'replay-completed', 'bar');
    expect(events).toEqual(['bar 0', 'bar 1']);
  });

  test('the authentication line asks for everything by name', async () => {
    const lines: string[] = [];
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      lines.push(...connection.lines);
    });
    const options = { tsOut: true, heartbeatIntervalS: 5, clientName: 'test' };
    const client = barClientOf(gateway, options);
    await collect(client, ({ kind }) => kind === 'connected');
    expect(lines).toEqual([
      'auth=be87ce3d564b64481d4ad1902e2b41b26e3eef62b9de37d87eb4a1d4a5199b6f-FFFFF|dataset=GLBX.MDP3|encoding=dbn|' +
        'compression=none|ts_out=1|client=test|heartbeat_interval_s=5|slow_reader_behavior=warn',
      'schema=ohlcv-1m|stype_in=parent|symbols=ES.FUT|snapshot=0|is_last=1|id=1',
      'start_session',
    ]);
  });

  test.each([4, 1_801, 7.5])('a heartbeat interval of %d s is refused', (heartbeatIntervalS) => {
    expect(() => clientOf({ port: 1 }, { heartbeatIntervalS })).toThrow('from 5 to 1800');
  });
});

describe('client quality: dbn 0.48, only the first zstd frame decoded', () => {
  test('several frames, cut anywhere, and frames to skip are read as one stream, and as they come', async () => {
    const encoder = new DbnEncoder();
    encoder.metadata(liveMetadata({ dataset: DATASET }));
    for (const record of bars(3)) encoder.record(record);
    const plain = encoder.take();
    const frame = (bytes: Uint8Array): Buffer =>
      zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      const fields = await connection.authenticate();
      expect(fields.get('compression')).toBe('zstd');
      await connection.subscriptions();
      connection.send(frame(plain.subarray(0, 100)), skippable, frame(plain.subarray(100, 150)));
      connection.send(frame(plain.subarray(150)));
      // The next frame begins only when the consumer has what came before it.
      await until(() => client.counters.records === 3);
      connection.send(frame(encodeRecord(bar(3))));
    });
    const client = barClientOf(gateway, { compression: 'zstd' });
    const events = await collectBrief(client, 'bar 3', 'bar');
    expect(events).toEqual(['bar 0', 'bar 1', 'bar 2', 'bar 3']);
  });
});

describe('client quality: users of other JavaScript clients, prices that were filtered out', () => {
  test('negative and zero prices are prices, and only an undefined one is null', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      const prices = [-1_250_000_000n, 0n, UNDEF_PRICE];
      connection.send(...prices.map((open, minute): DbnRecord => ({ ...bar(minute), open })));
    });
    const prices: (number | null)[] = [];
    const client = barClientOf(gateway);
    await client.run({
      onRecord: (view) => {
        if (view.layout === 'ohlcv') prices.push(view.open_f64);
        if (prices.length === 3) client.stop();
      },
    });
    expect(prices).toEqual([-1.25, 0, null]);
  });

  test('a record of a type that nobody knows is given as it is, and counted', async () => {
    const unknown = Buffer.from(encodeRecord(bar(0)));
    unknown[1] = 0xee;
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(unknown, bar(1));
    });
    const client = barClientOf(gateway);
    const events = await collect(client, (event) => brief(event) === 'bar 1');
    expect(events[1]).toMatchObject({ record: { layout: 'unknown', rtype: 0xee, raw: new Uint8Array(unknown) } });
    expect(client.counters.unknownRecords).toBe(1);
  });
});

describe('client quality: users who read missing minutes as data loss', () => {
  test('the end of every interval is told, also of one without any bar, and once over all sessions', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      if (connection.number === 1) {
        connection.send(bar(0), marker(0), marker(1), marker(1, 'ohlcv-1s'));
        connection.end();
      } else {
        connection.send(bar(0), marker(0), marker(1), bar(2), marker(2), replayed('ohlcv-1m'));
      }
    });
    const client = barClientOf(gateway);
    const events = await collectBrief(client, 'replay-completed', 'bar', 'marker');
    expect(events).toEqual(['bar 0', 'marker 0', 'marker 1', 'marker 1', 'bar 2', 'marker 2']);
    expect(client.counters.duplicates).toBe(3);
  });

  test('what cannot be had any more is a gap, which is not the same as silence', async () => {
    const clock = new TestClock({ hurryMs: 1_000 });
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      if (connection.number > 1) return;
      connection.send(bar(0), system('heartbeat', 'Heartbeat', START_NS + MINUTE_NS));
      await until(() => client.counters.heartbeats === 1);
      connection.end();
      await until(() => client.state === 'waiting');
    });
    const client = barClientOf(gateway, { clock, random: () => 0.5 });
    // Thirty hours pass before the next connection.
    const events = await collect(client, (event) => {
      if (event.kind === 'disconnected') void clock.jump(30 * 3_600_000);
      return event.kind === 'gap';
    });
    const gap = events.at(-1)!;
    expect(gap).toMatchObject({ kind: 'gap', schema: 'ohlcv-1m', fromNs: START_NS + MINUTE_NS });
    const toMs = gap.kind === 'gap' ? Number(gap.toNs / 1_000_000n) : 0;
    // Almost a day before the time at which it was told, to the second.
    expect(Math.round((clock.now() - toMs) / 1_000)).toBe(24 * 3_600 - 300);
  });
});

describe('client quality: errors that are not the end', () => {
  test('an error of an unknown kind is told, and the session goes on', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(gatewayError(99, 'something new'), bar(0));
    });
    const events = await collect(barClientOf(gateway), (event) => brief(event) === 'bar 0');
    expect(events).toContainEqual({ kind: 'gateway-error', code: 99, message: 'something new' });
  });
});
