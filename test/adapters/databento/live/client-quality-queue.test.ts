import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { DbnRecord } from '../../../../adapters/databento/dbn/record.ts';
import { encodeRecord } from '../../../../adapters/databento/dbn/record-writer.ts';
import { barClientOf, brief, clientOf, collect, collectBrief } from './live-harness.ts';
import { bar, MINUTE_NS, ScriptedGateway, START_NS, trade } from './scripted-gateway.ts';
import { TestClock, until } from './test-clock.ts';

const bars = (count: number): DbnRecord[] => Array.from({ length: count }, (_, index) => bar(index));

describe('client quality: python issue 138, an iterator that starves after its queue was full', () => {
  test('a full queue stops the reading, an emptied one lets it go on, again and again, and nothing is lost', async () => {
    const count = 60_000;
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(...bars(count).map((record) => encodeRecord(record)));
    });
    const client = barClientOf(gateway, { queue: { events: 100 } });
    let next = 0;
    let backlogMax = 0;
    for await (const event of client.events()) {
      if (event.kind !== 'record') continue;
      expect(event.record.ts_event).toBe(START_NS + BigInt(next) * MINUTE_NS);
      next += 1;
      backlogMax = Math.max(backlogMax, client.backlog.events);
      // A consumer that is slow now and then, for longer than it takes to fill every buffer on the way.
      if (next % 10_000 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      if (next === count) break;
    }
    expect(next).toBe(count);
    // The bound, and what the socket hands over at once.
    expect(backlogMax).toBeLessThanOrEqual(100 + (2 * 65_536) / 56);
  });

  test('with a queue of one, each event that is taken lets the next ones come', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      for (let index = 0; index < 200; index++) {
        connection.send(bar(index));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const events = await collectBrief(barClientOf(gateway, { queue: { events: 1 } }), 'bar 199', 'bar');
    expect(events).toEqual(Array.from({ length: 200 }, (_, index) => `bar ${index}`));
  });

  test('while we do not read, the watchdog does not count', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(...bars(10));
    });
    const clock = new TestClock();
    const client = barClientOf(gateway, { clock, queue: { events: 1 } });
    const events = client.events()[Symbol.asyncIterator]();
    await events.next();
    await until(() => client.backlog.events >= 10);
    await clock.advance(1_000_000);
    expect(client.state).toBe('streaming');
    for (let taken = 0; taken < 10; taken++) await events.next();
    // Counted anew from the resumption on.
    const next = events.next();
    await until(() => clock.sleeping === 1);
    await clock.advance(39_000);
    expect(client.state).toBe('streaming');
    await clock.advance(41_000);
    expect((await next).value).toMatchObject({ kind: 'disconnected' });
    await events.return();
  });

  test('run waits for a promise of the consumer, and for resume after pause', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      for (let index = 0; index < 4; index++) {
        connection.send(bar(index));
        await until(() => seen.length > index || isHeld);
        if (isHeld) await until(() => !isHeld);
      }
    });
    const seen: number[] = [];
    let isHeld = false;
    let release: () => void = () => undefined;
    const client = barClientOf(gateway);
    const running = client.run({
      onRecord: (view) => {
        seen.push(view.ts_event_ms);
        if (seen.length === 2) {
          isHeld = true;
          return new Promise<void>((resolve) => {
            release = () => {
              isHeld = false;
              resolve();
            };
          });
        }
        if (seen.length === 3) client.pause();
        return undefined;
      },
    });
    await until(() => isHeld);
    gateway.connections[0]!.send(bar(50));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen.length).toBe(2);
    release();
    await until(() => seen.length === 3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen.length).toBe(3);
    client.resume();
    await until(() => seen.length === 5);
    client.stop();
    await running;
  });
});

describe('client quality: python 0.78, a late consumer that nobody sees', () => {
  test('the lag is measured since the index time, and since sending when the stream says it', async () => {
    const nowMs = Number(START_NS / 1_000_000n);
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin({ tsOut: true });
      connection.send({ ...trade(START_NS - 3_000_000_000n), ts_out: START_NS - 250_000_000n });
    });
    const client = clientOf(gateway, { tsOut: true, clock: new TestClock({ startMs: nowMs }) });
    client.subscribe({ schema: 'trades', symbols: ['ESZ6'] });
    expect(client.lag).toEqual({ indexMs: null, sentMs: null });
    const events = await collect(client, (event) => brief(event) === 'trade');
    expect(client.lag).toEqual({ indexMs: 3_000, sentMs: 250 });
    expect(events.at(-1)).toMatchObject({ record: { ts_out: START_NS - 250_000_000n } });
  });

  test('what waits is bounded by its number and by how long it waits, and can be seen', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(bar(0));
      await until(() => client.backlog.events === 1);
      await clock.advance(5_001);
      connection.send(bar(1));
      await until(() => client.backlog.events === 2);
      // The oldest has waited for too long, so that this one stays in the connection.
      connection.send(bar(2));
    });
    const clock = new TestClock();
    const client = barClientOf(gateway, { clock });
    const events = client.events()[Symbol.asyncIterator]();
    await events.next();
    await until(() => client.backlog.events === 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(client.backlog).toEqual({ events: 2, waitedMs: 5_001 });
    for (const minute of [0, 1, 2]) expect(brief((await events.next()).value!)).toBe(`bar ${minute}`);
    await events.return();
  });
});

describe('client quality: python 0.52 and 0.74.1, memory that leaks with every record', () => {
  test('ten million records, in chunks of any size, leave the heap as it was', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const usedBytes = async (): Promise<number> => {
      // What is let go of is counted until it has been swept, some turns later.
      for (let turn = 0; turn < 3; turn++) {
        collectGarbage();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const perRound = 10_000;
    const rounds = 1_000;
    const block = Buffer.concat(Array.from({ length: perRound }, () => encodeRecord(trade(START_NS))));
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      for (let round = 0; round < rounds; round++) {
        // Times move on, so that what is remembered of delivered records has to be forgotten again.
        const bytes = Buffer.from(block);
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        for (let index = 0; index < perRound; index++) {
          view.setBigUint64(48 * index + 8, START_NS + BigInt(round * perRound + index) * 100_000n, true);
        }
        if (!connection.socket.write(bytes)) await new Promise((resolve) => connection.socket.once('drain', resolve));
      }
    });
    const client = clientOf(gateway);
    client.subscribe({ schema: 'trades', symbols: ['ESZ6'] });
    let records = 0;
    const used: number[] = [];
    const measure = async (): Promise<void> => {
      used.push(await usedBytes());
      if (used.length === 5) client.stop();
    };
    // Nothing is read meanwhile.
    await client.run({ onRecord: () => (++records % ((perRound * rounds) / 5) === 0 ? measure() : undefined) });
    expect(records).toBe(perRound * rounds);
    expect(Math.max(...used) - used[0]!).toBeLessThan(8_000_000);
  });
});
