import { afterEach, describe, expect, test } from 'vitest';
import { type ScriptedFunction, scriptedFunction, until } from './emulated-pump.ts';

const started: ScriptedFunction[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((created) => created.terminate()));
});

function scripted(change: Parameters<typeof scriptedFunction>[1] = {}, environment = {}): ScriptedFunction {
  const created = scriptedFunction(environment, change);
  started.push(created);
  return created;
}

const event = (word: string): object => ({ Records: [{ messageId: 'm', body: word }] });

describe('an execution environment', () => {
  test('keeps its memory from event to event and sees the time each event brings', async () => {
    const created = scripted();
    await created.warm(1000);
    expect(await created.invoke(event('ok'), 2000)).toEqual({ status: 'returned', payload: { batchItemFailures: [] } });
    await created.invoke(event('ok'), 3000);
    expect(created.seen.map(({ invocations, started, now }) => ({ invocations, started, now }))).toEqual([
      { invocations: 1, started: 1000, now: 2000 },
      { invocations: 2, started: 1000, now: 3000 },
    ]);
  });

  test('sees its own variables and none of the supervisor', async () => {
    process.env.ROONEY_SUPERVISOR_ONLY = 'yes';
    const created = scripted({ environment: { OWN: 'mine' } });
    await created.invoke(event('ok'), 0);
    expect(created.seen[0]?.environment).toEqual({ OWN: 'mine' });
  });

  test('reports a thrown error with its type, message and trace, and lives on', async () => {
    const created = scripted();
    const outcome = await created.invoke(event('throw now'), 0);
    expect(outcome).toMatchObject({ status: 'failed', error: { errorType: 'TypeError', errorMessage: 'throw now' } });
    expect(outcome.status === 'failed' && outcome.error.trace[0]).toBe('TypeError: throw now');
    await created.invoke(event('ok'), 0);
    expect(created.seen.map(({ invocations }) => invocations)).toEqual([1, 2]);
  });

  test('is ended by its timeout, and the next event starts a new one', async () => {
    const created = scripted({ timeoutMs: 300 });
    await created.warm(0);
    const outcome = await created.invoke(event('hang'), 0);
    expect(outcome).toMatchObject({ status: 'failed', error: { errorType: 'Sandbox.Timedout' } });
    await created.invoke(event('ok'), 0);
    expect(created.seen.map(({ invocations }) => invocations)).toEqual([1, 1]);
  });

  test('fails when its loop runs empty before the handler settles', async () => {
    const outcome = await scripted().invoke(event('empty'), 0);
    expect(outcome).toMatchObject({ status: 'failed', error: { errorType: 'Runtime.NodeJsExit' } });
  });

  test('fails when the code calls exit', async () => {
    const outcome = await scripted().invoke(event('exit'), 0);
    expect(outcome).toMatchObject({ status: 'failed', error: { errorType: 'Runtime.ExitError' } });
  });

  test('is killed in the next event by a rejection nobody awaited, because it stands still in between', async () => {
    const created = scripted();
    expect(await created.invoke(event('reject late'), 0)).toMatchObject({ status: 'returned' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await created.invoke(event('hang'), 0)).toMatchObject({
      status: 'failed',
      error: { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'reject late' },
    });
  });

  test('fails its event when it is crashed in the middle', async () => {
    const created = scripted();
    const outcome = created.invoke(event('hang'), 0);
    await until('the event has begun', () => created.seen.length === 1);
    await created.terminate();
    expect(await outcome).toMatchObject({ status: 'failed', error: { errorType: 'Runtime.ExitError' } });
    expect(await created.invoke(event('ok'), 0)).toMatchObject({ status: 'returned' });
  });

  test('does nothing while it is frozen in the middle of an event, and goes on afterwards', async () => {
    const created = scripted();
    await created.warm(0);
    created.pause();
    let settled = false;
    const outcome = created.invoke(event('ok'), 0).finally(() => {
      settled = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect({ settled, seen: created.seen.length }).toEqual({ settled: false, seen: 0 });
    created.resume();
    expect(await outcome).toMatchObject({ status: 'returned' });
  });

  test('is one of at most as many as may exist; an event too many is throttled', async () => {
    const created = scripted({ reservedConcurrency: 1, timeoutMs: 300 });
    const first = created.invoke(event('hang'), 0);
    expect(await created.invoke(event('ok'), 0)).toEqual({ status: 'throttled' });
    await first;
    created.setConcurrency(0);
    expect(await created.invoke(event('ok'), 0)).toEqual({ status: 'throttled' });
  });

  test('does not start when its factory is missing, and says why', async () => {
    await expect(scripted({ entry: 'test/local/fixtures/nothing/handler.ts' }).warm(0)).rejects.toThrow(
      /nothing\/create/,
    );
  });
});
