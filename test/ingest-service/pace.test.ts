import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { steppedPace, timedPace } from '#ingest-service/pace.ts';

describe('a stepped pace', () => {
  test('lets one slice pass for each step, those asked for early included', async () => {
    const supervisor = new EventEmitter();
    const pace = steppedPace(supervisor, new AbortController().signal);
    supervisor.emit('message', { type: 'advance' });
    supervisor.emit('message', { type: 'advance' });
    supervisor.emit('message', { type: 'other' });
    supervisor.emit('message', null);
    expect([await pace(), await pace()]).toEqual([true, true]);
    const passed: boolean[] = [];
    const third = pace().then((may) => passed.push(may));
    await new Promise(setImmediate);
    expect(passed).toEqual([]);
    supervisor.emit('message', { type: 'advance' });
    await third;
    expect(passed).toEqual([true]);
  });

  test('ends a wait when the service is to stop, and lets nothing pass after', async () => {
    const stop = new AbortController();
    const supervisor = new EventEmitter();
    const pace = steppedPace(supervisor, stop.signal);
    const waiting = pace();
    stop.abort();
    supervisor.emit('message', { type: 'advance' });
    expect([await waiting, await pace()]).toEqual([false, false]);
  });
});

describe('a timed pace', () => {
  test('lets the first slice pass at once and makes the next one wait, by the speed', async () => {
    const clock = { now: () => 0, monotonic: () => 0 };
    const stop = new AbortController();
    const passed: string[] = [];
    for (const [name, speed] of [
      ['market', 1],
      ['much faster', 1e9],
    ] as const) {
      const pace = timedPace(speed, { clock, signal: stop.signal });
      expect(await pace()).toBe(true);
      void pace().then(() => passed.push(name));
    }
    while (passed.length === 0) await new Promise(setImmediate);
    expect(passed).toEqual(['much faster']);
    stop.abort();
  });

  test('ends a wait when the service is to stop', async () => {
    const stop = new AbortController();
    const pace = timedPace(1, { clock: { now: () => 0, monotonic: () => 0 }, signal: stop.signal });
    expect(await pace()).toBe(true);
    const waiting = pace();
    stop.abort();
    expect(await waiting).toBe(false);
  });
});
