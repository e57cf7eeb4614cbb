import { describe, expect, test } from 'vitest';
import { type GatewayFlags, readGatewayFlags, SIMULATOR_KEY } from '#local/gateway/gateway-flags.ts';

const read = (...args: string[]): GatewayFlags => {
  const flags = readGatewayFlags(args);
  if (typeof flags === 'string') throw new Error(flags);
  return flags;
};

describe('the options of rooney gateway', () => {
  test('are those of a real gateway at the speed of the market when none is given', () => {
    expect(read()).toMatchObject({
      ...{ files: [], bars: null, port: 13_000, historicalPort: 13_001, host: '127.0.0.1', keys: [SIMULATOR_KEY] },
      ...{ pace: 1, startNs: undefined, version: 3, seed: 1, heartbeatIntervalS: 30, replayWindowS: 86_400 },
      ...{ sessionsMax: 10, connectionsPerSecond: 5, latencyMs: 0, chunkBytes: null, markers: undefined, faults: {} },
      ...{ generator: { seed: 1, from: '2026-02-05', sessions: 2 }, spreads: false, endWithSource: false, json: false },
    });
    expect(SIMULATOR_KEY).toHaveLength(32);
  });

  test('are read', () => {
    expect(
      read(
        ...['--universe', 'ES,CL', '--spreads', '--seed=7', '--from', '2026-03-02', '--sessions', '5', '--pace', 'max'],
        ...['--start-at', '2026-03-02T15:00', '--wait-for', '2', '--port', '0', '--key', 'aaaaaa', '--key', 'bbbbbb'],
        ...[
          '--dbn-version',
          '1',
          '--latency',
          '250ms',
          '--jitter=1s',
          '--replay-window',
          '2h',
          '--chunk',
          '1',
          '--no-markers',
        ],
        ...[
          '--faults',
          'eof=0.1,late=1',
          '--unresolvable',
          'A,B',
          '--connections-per-second',
          'any',
          '--zstd-frames',
          '3',
        ],
        ...['--end-with-source', '--historical-port', 'off', '--heartbeat', '5', '--json', '--sessions-max', '1'],
      ),
    ).toMatchObject({
      ...{ universe: ['ES', 'CL'], spreads: true, seed: 7, generator: { seed: 7, from: '2026-03-02', sessions: 5 } },
      ...{ pace: 'max', startNs: BigInt(Date.UTC(2026, 2, 2, 15)) * 1_000_000n, sessionsToStart: 2, port: 0 },
      ...{ historicalPort: null, keys: ['aaaaaa', 'bbbbbb'], version: 1, latencyMs: 250, jitterMs: 1000 },
      ...{ replayWindowS: 7200, chunkBytes: 1, frameBatches: 3, markers: false, faults: { eof: 0.1, late: 1 } },
      ...{
        unresolvable: ['A', 'B'],
        connectionsPerSecond: null,
        endWithSource: true,
        heartbeatIntervalS: 5,
        json: true,
      },
    });
    expect(read('a.dbn', 'b.dbn').files).toEqual(['a.dbn', 'b.dbn']);
    expect(read('--bars', 'bars.csv', '--pace', 'stepped')).toMatchObject({ bars: 'bars.csv', pace: 'stepped' });
    expect(read('--port', '0').historicalPort).toBe(0);
  });

  test.each([
    [['--pace', '0'], '--pace must be a number above 0, max or stepped, not "0"'],
    [['--pace', ''], '--pace must be'],
    [['--port', '70000'], '--port must be a whole number from 0 to 65535, not "70000"'],
    [['--dbn-version', '4'], '--dbn-version must be a whole number from 1 to 3'],
    [['--heartbeat', '4'], '--heartbeat must be a whole number from 5 to 1800'],
    [['--from', '2026-02-30'], '--from must be a date'],
    [['--universe', 'ES,XX'], '--universe has "XX", which is no known root'],
    [['--start-at', 'noon'], '--start-at must be a time'],
    [['--latency', '5'], '--latency must be a duration such as 250ms'],
    [['--faults', 'fire=1'], '"fire" is no fault'],
    [['--key', 'short'], '--key must be at least six characters'],
    [['a.dbn', '--generate'], 'DBN files and --generate exclude each other'],
    [['--bars', 'x', '--generate'], '--bars and --generate exclude each other'],
    [['a.dbn', '--sessions', '2'], '--from and --sessions are for generated bars'],
    [['a.dbn', '--spreads'], '--universe and --spreads are for bars, not DBN files'],
    [['--speed', '2'], "Unknown option '--speed'"],
  ])('%j are refused with the reason', (args, message) => {
    expect(readGatewayFlags(args)).toContain(message);
  });
});
