import { describe, expect, test } from 'vitest';
import { errorCodes } from '../../../../adapters/databento/dbn/enums.ts';
import { barClientOf, brief, clientOf, collect, delaysOf } from './live-harness.ts';
import { bar, gatewayError, MINUTE_NS, ScriptedGateway, START_NS, trade } from './scripted-gateway.ts';

describe('errors with which the gateway ends a session', () => {
  test('a refused key stops the client at once', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      connection.send('lsg_version=0.8.0\ncram=x\n');
      await connection.line();
      connection.send('success=0|error=User authentication failed\n');
      connection.end();
    });
    await expect(collect(barClientOf(gateway), () => false)).rejects.toMatchObject({
      code: 'auth',
      message: expect.stringContaining('User authentication failed'),
    });
    expect(gateway.connections.length).toBe(1);
  });

  test.each([errorCodes.authFailed, errorCodes.apiKeyDeactivated])('so does error %i of a session', async (code) => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(bar(0), gatewayError(code, 'User or API key deactivated'));
    });
    const client = barClientOf(gateway);
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      for await (const event of client.events()) seen.push(brief(event));
    };
    await expect(run()).rejects.toMatchObject({ code: 'auth' });
    // What came before the error was given first.
    expect(seen).toEqual(['connected', 'bar 0', 'error_v2']);
    expect([gateway.connections.length, client.state]).toEqual([1, 'stopped']);
  });

  test('an error that is not the last of several is waited for, and the first one counts', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      const { apiKeyDeactivated, internalError } = errorCodes;
      connection.send(
        gatewayError(apiKeyDeactivated, 'first', 0),
        bar(0),
        gatewayError(internalError, 'second'),
        bar(1),
      );
    });
    const client = barClientOf(gateway);
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      for await (const event of client.events()) seen.push(brief(event));
    };
    await expect(run()).rejects.toThrow('first');
    expect(seen).toEqual(['connected', 'error_v2', 'bar 0', 'error_v2']);
  });

  test('too many connections are waited out, by half a minute to a minute', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      if (connection.number === 1) {
        connection.send('cram=x\n');
        await connection.line();
        connection.send('success=0|error=User has reached their open connection limit\n');
      } else {
        await connection.begin();
        const message = 'User has reached their open connection limit';
        connection.send(gatewayError(errorCodes.connectionLimitExceeded, message));
      }
    });
    expect(await delaysOf(gateway, 2, 0.5)).toEqual([45, 45]);
  });

  test('a subscription that the gateway does not want is stopped and told, and the others go on', async () => {
    const asked: unknown[] = [];
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      asked.push((await connection.begin()).map(({ id }) => id));
      if (connection.number === 1) {
        connection.send(gatewayError(errorCodes.invalidSubscription, 'Invalid subscription request 2: no licence'));
      } else connection.send(bar(0));
    });
    const client = barClientOf(gateway);
    client.subscribe({ schema: 'mbo', symbols: ['ESZ6'] });
    client.subscribe({ schema: 'trades', symbols: ['ESZ6'] });
    const events = await collect(client, (event) => brief(event) === 'bar 0');
    expect(events).toContainEqual({
      kind: 'subscription-refused',
      subscriptionId: 2,
      message: 'Invalid subscription request 2: no licence',
    });
    expect(asked).toEqual([
      [1, 2, 3],
      [1, 3],
    ]);
    expect(client.subscriptions.map(({ status }) => status)).toEqual(['pending', 'refused', 'pending']);
  });

  test('with no subscription left the client stops', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(gatewayError(errorCodes.invalidSubscription, 'no licence'));
    });
    await expect(collect(barClientOf(gateway), () => false)).rejects.toMatchObject({ code: 'refused' });
  });

  test('a replay that the gateway no longer has is told as a gap, and begins later', async () => {
    const starts: (bigint | null)[] = [];
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      const [request] = await connection.begin();
      starts.push(request!.start);
      if (connection.number < 3) connection.send(gatewayError(errorCodes.replayAgedOut, 'Replay of trades aged out'));
      else connection.send(trade(START_NS));
    });
    const client = clientOf(gateway);
    const start = START_NS - 8n * 60n * MINUTE_NS;
    client.subscribe({ schema: 'trades', symbols: ['ESZ6'], start });
    const events = await collect(client, (event) => brief(event) === 'trade');
    const gaps = events.filter((event) => event.kind === 'gap');
    expect(starts).toEqual([start, gaps[0]!.toNs, gaps[1]!.toNs]);
    expect(gaps.map(({ fromNs }) => fromNs)).toEqual([start, gaps[0]!.toNs]);
    expect(gaps[0]!.toNs < gaps[1]!.toNs && gaps[1]!.toNs < START_NS + MINUTE_NS).toBe(true);
    expect(client.counters.gaps).toBe(2);
  });
});
