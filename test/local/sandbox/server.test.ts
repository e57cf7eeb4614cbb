import { afterEach, describe, expect, test } from 'vitest';
import { tradersPostRoute } from '#adapters/traderspost/client.ts';
import type { Outcome } from '#core/execution/outcome.ts';
import type { Misbehaviour } from '#local/sandbox/misbehaviour.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '#local/sandbox/server.ts';
import { entryOrder, exitOrder } from '#test/core/execution/sample-orders.ts';

const running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
});

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, ...options });
  running.push(sandbox);
  return sandbox;
}

async function post(url: string, body: unknown, method = 'POST'): Promise<{ status: number; reply: unknown }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, { method, ...(method === 'POST' ? { body: text } : {}) });
  return { status: response.status, reply: await response.json() };
}

const route = (sandbox: Sandbox) =>
  tradersPostRoute({ webhookUrl: () => sandbox.url, headersTimeoutMs: 300, bodyTimeoutMs: 300 });
const originOf = (sandbox: Sandbox) => new URL(sandbox.url).origin;

describe('the sandbox webhook', () => {
  test('takes our entry and our exit, and both positions and orders follow', async () => {
    const sandbox = await start();
    expect(await route(sandbox).send(entryOrder())).toMatchObject({ kind: 'accepted' });
    expect(sandbox.positions()).toEqual([{ account: 'sandbox', contract: 'MESZ2026', quantity: 2 }]);
    expect(sandbox.orders().filter(({ status }) => status === 'working')).toMatchObject([
      { type: 'stop', price: 6904.25 },
    ]);
    expect(await route(sandbox).send(exitOrder())).toMatchObject({ kind: 'accepted' });
    expect(sandbox.positions()).toEqual([]);
    expect(sandbox.orders().filter(({ status }) => status === 'working')).toEqual([]);
  });

  test('answers 200 to what the broker then rejects, as planning comes after the answer', async () => {
    const sandbox = await start();
    const outcomes = [];
    for (const order of [exitOrder(), entryOrder(), entryOrder()]) outcomes.push(await route(sandbox).send(order));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(sandbox.received().map(({ status, effect }) => [status, effect?.kind])).toEqual([
      [200, 'rejected'],
      [200, 'entered'],
      [200, 'rejected'],
    ]);
  });

  test('answers with the echo and two ids, new for every request', async () => {
    const sandbox = await start();
    const body = { ticker: 'ESZ2026', action: 'exit', note: 'ignored' };
    const replies = [await post(sandbox.url, body), await post(sandbox.url, body)].map(
      ({ reply }) => reply as Record<string, unknown>,
    );
    expect(replies[0]).toEqual({ success: true, id: expect.any(String), logId: expect.any(String), payload: body });
    expect(new Set(replies.flatMap(({ id, logId }) => [id, logId])).size).toBe(4);
  });

  test('keeps every request in order, with both clocks, without the address', async () => {
    const sandbox = await start({ clock: { now: () => 1_700_000_000_000 } });
    await post(sandbox.url, { ticker: 'ES1!', action: 'buy' });
    await post(sandbox.url, 'not json');
    const [first, second] = sandbox.received();
    expect(first).toMatchObject({
      sequence: 1,
      account: 'sandbox',
      timeMs: 1_700_000_000_000,
      payload: { ticker: 'ES1!', action: 'buy' },
      status: 400,
      reply: { success: false, messageCode: 'unsupported-ticker' },
      effect: null,
      misbehaviour: null,
    });
    expect(second).toMatchObject({ sequence: 2, payload: 'not json', reply: { messageCode: 'malformed-json' } });
    const secret = new URL(sandbox.url).pathname.split('/').at(-1) ?? '';
    expect(JSON.stringify(sandbox.received())).not.toContain(secret);
  });

  test.each([
    ['an unknown webhook', 'uuid', 'POST', '{}', 404, 'not-found'],
    ['a wrong password', 'password', 'POST', '{}', 400, 'invalid-password'],
    ['another method', '', 'GET', '', 400, 'post-required'],
    ['an empty body', '', 'POST', ' ', 400, 'empty-json'],
    ['a body without an end', '', 'POST', '{"ticker":', 400, 'malformed-json'],
    ['a body beyond any signal', '', 'POST', `{}${' '.repeat(70_000)}`, 400, 'invalid-message-length'],
  ])('refuses %s with its message code', async (_, wrong, method, body, status, messageCode) => {
    const sandbox = await start();
    const [origin, uuid, password] = sandbox.url.split(/\/trading\/webhook\/|\/(?=[^/]*$)/);
    const url = `${origin}/trading/webhook/${wrong === 'uuid' ? 'nobody' : uuid}/${wrong === 'password' ? 'x' : password}`;
    expect(await post(url, body, method)).toMatchObject({ status, reply: { success: false, messageCode } });
    expect(sandbox.positions()).toEqual([]);
  });

  test('refuses the sixty-first request of a minute of its clock, and takes the next minute', async () => {
    let nowMs = 0;
    const sandbox = await start({ clock: { now: () => nowMs }, accounts: ['a', 'b'] });
    const exit = { ticker: 'ESZ2026', action: 'exit' };
    for (let request = 0; request < 60; request += 1) await post(sandbox.url, exit);
    expect(await post(sandbox.url, exit)).toMatchObject({ status: 429, reply: { messageCode: 'too-many-requests' } });
    expect(await post(sandbox.webhookUrl('b'), exit)).toMatchObject({ status: 200 });
    nowMs += 60_000;
    expect(await post(sandbox.url, exit)).toMatchObject({ status: 200 });
  });

  test('keeps accounts apart, and has the same addresses when started again', async () => {
    const [one, other] = [await start({ accounts: ['a', 'b'] }), await start({ accounts: ['a', 'b'] })];
    await post(one.webhookUrl('b'), { ticker: 'ESZ2026', action: 'buy' });
    expect(one.positions()).toEqual([{ account: 'b', contract: 'ESZ2026', quantity: 1 }]);
    expect(new URL(one.webhookUrl('a')).pathname).toBe(new URL(other.url).pathname);
    expect(() => one.webhookUrl('c')).toThrow('no account "c"; it was started with a, b');
  });

  test('says so when its port is taken', async () => {
    const port = Number(new URL((await start()).url).port);
    await expect(startSandbox({ port })).rejects.toThrow(`port ${port} is already in use`);
  });
});

describe('a misbehaving sandbox', () => {
  const unknown = (reason: string): Outcome => ({ kind: 'unknown', reason });

  test.each([
    [{ kind: 'delay', delayMs: 60_000 }, expect.objectContaining({ kind: 'unknown' }), 2],
    [{ kind: 'too-many-requests' }, expect.objectContaining({ kind: 'rejected', family: 'RATE' }), 0],
    [{ kind: 'server-error' }, unknown('status 500'), 0],
    [{ kind: 'server-error', acts: true }, unknown('status 500'), 2],
    [{ kind: 'hang-up' }, expect.objectContaining({ kind: 'unknown' }), 0],
    [{ kind: 'hang-up', acts: true }, expect.objectContaining({ kind: 'unknown' }), 2],
    [{ kind: 'redirect' }, unknown('status 302'), 0],
    [{ kind: 'success-false' }, unknown('status 200 without success and id'), 0],
    [{ kind: 'malformed-json' }, unknown('status 200 without success and id'), 0],
    [{ kind: 'malformed-json', acts: true }, unknown('status 200 without success and id'), 2],
  ] satisfies [Misbehaviour, unknown, number][])(
    'with %j leaves the client with its outcome and the broker with its position',
    async (rule, outcome, held) => {
      const sandbox = await start();
      sandbox.misbehave(rule);
      expect(await route(sandbox).send(entryOrder())).toEqual(outcome);
      expect(sandbox.positions().map(({ quantity }) => quantity)).toEqual(held === 0 ? [] : [held]);
      expect(sandbox.received()).toMatchObject([{ misbehaviour: rule.kind }]);
      expect(await route(sandbox).send(exitOrder())).toMatchObject({ kind: 'accepted' });
    },
  );
});

describe('the control endpoints', () => {
  test('show positions, orders and requests', async () => {
    const sandbox = await start();
    await route(sandbox).send(entryOrder());
    const shown = async (path: string) => await (await fetch(originOf(sandbox) + path)).json();
    expect(await shown('/positions')).toEqual(sandbox.positions());
    expect(await shown('/orders')).toEqual(sandbox.orders());
    expect(await shown('/received')).toEqual(sandbox.received());
  });

  test('take a misbehaviour, or say what is wrong with it', async () => {
    const sandbox = await start();
    const url = `${originOf(sandbox)}/misbehave`;
    expect(await post(url, { kind: 'server-error', times: null })).toMatchObject({ status: 200 });
    expect(await post(url, { kind: 'explode' })).toMatchObject({ status: 400, reply: { success: false } });
    expect(await route(sandbox).send(entryOrder())).toEqual({ kind: 'unknown', reason: 'status 500' });
  });

  test('answer 404 elsewhere', async () => {
    expect((await fetch(`${originOf(await start())}/`)).status).toBe(404);
  });
});
