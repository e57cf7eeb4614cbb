import { describe, expect, test } from 'vitest';
import { Watchdog } from '../../../../adapters/databento/live/watchdog.ts';
import { TestClock } from './test-clock.ts';

describe('the watchdog', () => {
  const watch = (clock = new TestClock()) => {
    const seen = { hung: 0 };
    const watchdog = new Watchdog(clock, 40_000, () => {
      seen.hung += 1;
    });
    watchdog.start();
    return { clock, watchdog, seen };
  };

  test('barks after the silence, once, and not before', async () => {
    const { clock, seen } = watch();
    await clock.advance(39_999);
    expect(seen.hung).toBe(0);
    await clock.advance(1);
    expect(seen.hung).toBe(1);
    await clock.advance(100_000);
    expect(seen.hung).toBe(1);
  });

  test('counts from the last sign of life', async () => {
    const { clock, watchdog, seen } = watch();
    for (let turn = 0; turn < 10; turn++) {
      await clock.advance(30_000);
      watchdog.life();
    }
    expect(seen.hung).toBe(0);
    await clock.advance(40_000);
    expect(seen.hung).toBe(1);
  });

  test('does not count while we do not read, and anew when we do', async () => {
    const { clock, watchdog, seen } = watch();
    watchdog.hold();
    await clock.advance(1_000_000);
    watchdog.release();
    await clock.advance(39_000);
    expect(seen.hung).toBe(0);
    await clock.advance(2_000);
    expect(seen.hung).toBe(1);
  });

  test('lets what has arrived be read first after the program stood still', async () => {
    const { clock, watchdog, seen } = watch();
    // The wake-up at 40 s comes at 100 s, and what lay in the socket is read right after it.
    await clock.jump(100_000);
    watchdog.life();
    await clock.advance(39_000);
    expect(seen.hung).toBe(0);
  });

  test('leaves nothing behind when it is stopped', async () => {
    const { clock, watchdog, seen } = watch();
    watchdog.stop();
    expect(clock.sleeping).toBe(0);
    await clock.advance(100_000);
    expect(seen.hung).toBe(0);
  });
});
