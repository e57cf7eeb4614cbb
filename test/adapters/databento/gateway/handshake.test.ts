import { describe, expect, test } from 'vitest';
import { authRefused } from '#adapters/databento/gateway/handshake.ts';
import { bar, madeSource } from './made-source.ts';
import { ManualClock } from './manual-clock.ts';
import { connectTo, openGateway, startedClient } from './opened.ts';
import { KEY, subscription } from './raw-client.ts';

const source = madeSource([bar(1, 0)]);

describe('authentication', () => {
  test('begins with a greeting and a challenge of 32 characters, each on a line of one key', async () => {
    const client = await connectTo(await openGateway({ source }));
    expect(await client.line()).toBe('lsg_version=0.8.0 (simulator)\n');
    expect(await client.line()).toMatch(/^cram=[A-Za-z0-9]{32}\n$/);
  });

  test('gives every session its own challenge, the same ones for the same seed', async () => {
    const challenges = async (seed: number): Promise<string[]> => {
      const gateway = await openGateway({ source, seed });
      const clients = [await connectTo(gateway), await connectTo(gateway)];
      await Promise.all(clients.map((client) => client.line()));
      return await Promise.all(clients.map((client) => client.line()));
    };
    const [first, again, other] = [await challenges(1), await challenges(1), await challenges(2)];
    expect(new Set(first).size).toBe(2);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('accepts the digest of a key with exactly the two keys that clients know', async () => {
    const gateway = await openGateway({ source });
    expect(await (await connectTo(gateway)).authenticate()).toBe('success=1|session_id=1\n');
    expect(await (await connectTo(gateway)).authenticate()).toBe('success=1|session_id=2\n');
  });

  test.each([
    ['a key that is not accepted', {}, 'success=0|error=User authentication failed\n'],
    [
      'another data set',
      { dataset: 'XNAS.ITCH' },
      'success=0|error=Data set XNAS.ITCH is not served here, but GLBX.MDP3\n',
    ],
    [
      'an encoding that is not sent',
      { encoding: 'csv' },
      'success=0|error=Encoding csv is not supported by this gateway, only dbn\n',
    ],
    ['an unknown compression', { compression: 'gzip' }, 'success=0|error=Compression gzip is none of none and zstd\n'],
    ['a wrong ts_out', { ts_out: 'yes' }, 'success=0|error=ts_out yes is none of 0 and 1\n'],
    [
      'heartbeats too often',
      { heartbeat_interval_s: 4 },
      'success=0|error=heartbeat_interval_s must be from 5 to 1800\n',
    ],
    [
      'heartbeats too seldom',
      { heartbeat_interval_s: 1801 },
      'success=0|error=heartbeat_interval_s must be from 5 to 1800\n',
    ],
    [
      'an unknown way with slow readers',
      { slow_reader_behavior: 'wait' },
      'success=0|error=slow_reader_behavior wait is none of warn and skip\n',
    ],
  ] as const)('refuses %s and ends the connection', async (why, fields, answer) => {
    const client = await connectTo(await openGateway({ source }));
    const key = why === 'a key that is not accepted' ? `${KEY.slice(0, -5)}WRONG` : KEY;
    expect(await client.authenticate(fields, key)).toBe(answer);
    await client.end();
    expect(client.ending).toBe('end');
  });

  test.each(['start_session\n', `${subscription()}\n`, 'hello\n'])('is asked for before %j', async (line) => {
    const client = await connectTo(await openGateway({ source }));
    await client.line();
    await client.line();
    client.send(line);
    expect(await client.line()).toBe('success=0|error=Authentication is required before anything else\n');
    await client.end();
  });

  test('takes lines in pieces and together, with unknown keys, a carriage return and a closing bar', async () => {
    const gateway = await openGateway({ source });
    const client = await connectTo(gateway);
    expect(await client.authenticate({ client: 'someone', extra: 'x|\r' })).toBe('success=1|session_id=1\n');
    for (const character of `${subscription()}\n`) client.send(character);
    client.start();
    await client.end();
    expect(client.records.length).toBeGreaterThan(0);
  });

  test('cuts off a client that does not authenticate within 30 seconds, and no other', async () => {
    const clock = new ManualClock();
    const gateway = await openGateway({ source, clock });
    const [idle, busy] = [await connectTo(gateway), await connectTo(gateway)];
    await idle.line();
    await busy.authenticate();
    clock.advance(29_999);
    expect(await gateway.control('active_count')).toBe('ack active_count 1');
    clock.advance(1);
    await idle.end();
    clock.advance(60_000);
    expect(await gateway.control('active_count')).toBe('ack active_count 1');
    expect(busy.ending).toBeNull();
  });

  test('cuts off a client whose line has no end', async () => {
    const client = await connectTo(await openGateway({ source }));
    client.send('x'.repeat(70_000));
    await client.end();
  });
});

describe('limits', () => {
  test('closes the sixth connection within a second at once, and takes one after it', async () => {
    const clock = new ManualClock();
    const gateway = await openGateway({ source, clock, connectionsPerSecond: 5 });
    const clients = [];
    for (let count = 0; count < 6; count++) clients.push(await connectTo(gateway));
    const greetings = await Promise.all(clients.map((client) => client.line()));
    expect(greetings.map((line) => line !== '')).toEqual([true, true, true, true, true, false]);
    clock.advance(1000);
    expect(await (await connectTo(gateway)).line()).not.toBe('');
  });

  test('lets a session over the limit start only to be told so, until another one ends', async () => {
    const gateway = await openGateway({ source, sessionsMax: 1, endWithSource: false });
    const first = await startedClient(gateway, [subscription()]);
    await first.until(() => first.records.length > 0);
    const second = await startedClient(gateway, [subscription()]);
    await second.end();
    expect(second.metadata).not.toBeNull();
    expect(second.records).toMatchObject([
      { layout: 'error_v2', code: 3, is_last: 1, err: 'User has reached their open connection limit' },
    ]);
    first.close();
    await expect.poll(() => gateway.control('active_count')).toBe('ack active_count 0');
    const third = await startedClient(gateway, [subscription()]);
    await third.until(() => third.records.length > 1);
    expect(third.records[0]).toMatchObject({ code: 1 });
  });
});

test('a refusal stays one line of two fields, whatever it quotes', () => {
  expect(authRefused('no data set a|b\r\nc')).toBe('success=0|error=no data set a b  c\n');
});
