import { describe, expect, test } from 'vitest';
import { type Pace, VirtualClock } from '#adapters/databento/gateway/virtual-clock.ts';
import { ManualClock } from './manual-clock.ts';

const START = 1_000_000_000n;
const MS = 1_000_000n;

function clockOf(pace: Pace, sessionsToStart = 1) {
  const host = new ManualClock();
  return { host, clock: new VirtualClock({ startNs: START, pace, host, sessionsToStart }) };
}

/** What a wait gave, once it has; undefined before. */
function watched(reached: bigint | null | Promise<bigint | null>): { value?: bigint | null } {
  const result: { value?: bigint | null } = {};
  Promise.resolve(reached).then(
    (value) => {
      result.value = value;
    },
    () => undefined,
  );
  return result;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('market time at a pace', () => {
  test('stands until the first session streams, then passes so many times as fast', async () => {
    const { host, clock } = clockOf(60);
    host.advance(500);
    expect(clock.now()).toBe(START);
    const seat = clock.join();
    host.advance(10);
    expect(clock.now()).toBe(START + 600n * MS);
    seat.leave();
    host.advance(10);
    expect(clock.now()).toBe(START + 1200n * MS);
  });

  test('is reached when it comes, and at once when it has come', async () => {
    const { host, clock } = clockOf(10);
    const seat = clock.join();
    const reached = watched(seat.reach(START + 100n * MS, START + 200n * MS));
    host.advance(9);
    await turn();
    expect(reached).toEqual({});
    host.advance(1);
    await turn();
    expect(reached).toEqual({ value: START + 100n * MS });
    expect(seat.reach(START + 50n * MS, START + 60n * MS)).toBe(START + 100n * MS);
  });

  test('is not waited for any more by a session that was interrupted or left', async () => {
    const { host, clock } = clockOf(1);
    const [first, second] = [clock.join(), clock.join()];
    const waits = [first, second].map((seat) => watched(seat.reach(START + 100n * MS, START + 100n * MS)));
    first.interrupt();
    second.leave();
    await turn();
    expect(waits).toEqual([{ value: null }, { value: null }]);
    host.advance(1000);
    expect(first.wait).toBeNull();
  });
});

describe('market time as fast as clients read', () => {
  test('lets one session go as far as it has work for', () => {
    const { clock } = clockOf('max');
    const seat = clock.join();
    expect(seat.reach(START + 5n, START + 50n)).toBe(START + 50n);
    expect(clock.now()).toBe(START + 50n);
  });

  test('passes only when every session waits, and no further than each has work for', async () => {
    const { clock } = clockOf('max');
    const [fast, slow] = [clock.join(), clock.join()];
    const fastReached = watched(fast.reach(START + 5n, START + 50n));
    await turn();
    expect(fastReached).toEqual({});
    expect(clock.now()).toBe(START);
    expect(slow.reach(START + 10n, START + 20n)).toBe(START + 20n);
    await turn();
    expect(fastReached).toEqual({ value: START + 20n });
  });

  test('holds those back who have nothing to do yet', async () => {
    const { clock } = clockOf('max');
    const [near, far] = [clock.join(), clock.join()];
    const farReached = watched(far.reach(START + 100n, START + 200n));
    expect(near.reach(START + 1n, START + 2n)).toBe(START + 2n);
    await turn();
    expect(farReached).toEqual({});
    near.leave();
    await turn();
    expect(farReached).toEqual({ value: START + 200n });
  });

  test('goes on without those who have come to the end, and has ended when all have', async () => {
    const { clock } = clockOf('max');
    const [first, second] = [clock.join(), clock.join()];
    const ended = first.end();
    expect(clock.isEnded).toBe(false);
    expect(second.reach(START + 1n, START + 2n)).toBe(START + 2n);
    const secondEnded = second.end();
    expect(clock.isEnded).toBe(true);
    expect(clock.now()).toBe(START + 2n);
    first.interrupt();
    second.interrupt();
    await Promise.all([ended, secondEnded]);
    expect(clock.isEnded).toBe(false);
  });

  test('does not begin before as many sessions stream as were asked for', async () => {
    const { clock } = clockOf('max', 2);
    const first = clock.join();
    const reached = watched(first.reach(START + 1n, START + 1n));
    await turn();
    expect(reached).toEqual({});
    const second = clock.join();
    expect(second.reach(START + 1n, START + 1n)).toBe(START + 1n);
    await turn();
    expect(reached).toEqual({ value: START + 1n });
    second.leave();
    expect(first.reach(START + 2n, START + 2n)).toBe(START + 2n);
  });
});

describe('market time that is stepped', () => {
  test('passes when told, and says so when all that is due has been sent', async () => {
    const { clock } = clockOf('stepped');
    const seat = clock.join();
    const reached = watched(seat.reach(START + 5n, START + 9n));
    await turn();
    expect(reached).toEqual({});
    const advanced = watched(clock.advance(START + 6n).then(() => 1n));
    await turn();
    expect(reached).toEqual({ value: START + 6n });
    expect(advanced).toEqual({});
    const later = watched(seat.reach(START + 9n, START + 9n));
    await turn();
    expect(advanced).toEqual({ value: 1n });
    expect(later).toEqual({});
  });

  test('neither goes back nor is told the time at another pace', async () => {
    await expect(clockOf('stepped').clock.advance(START - 1n)).rejects.toThrow('does not go back');
    await expect(clockOf('max').clock.advance(START + 1n)).rejects.toThrow('only a stepped clock');
  });
});
