import { describe, expect, test } from 'vitest';
import { bar, ES_H, madeSource, START_NS } from './made-source.ts';
import { connectTo, openGateway, startedClient } from './opened.ts';
import { KEY, subscription } from './raw-client.ts';

const source = madeSource([bar(1, 0)], { instruments: [ES_H] });

describe('a control line', () => {
  test('adds and removes keys, and the answer shows only their last characters', async () => {
    const gateway = await openGateway({ source });
    const other = `${KEY.slice(0, -5)}OTHER`;
    expect(await (await connectTo(gateway)).authenticate({}, other)).toMatch(/^success=0/);
    expect(await gateway.control(`add_key ${other}`)).toBe('ack add_key OTHER');
    expect(await (await connectTo(gateway)).authenticate({}, other)).toMatch(/^success=1/);
    expect(await gateway.control(`del_key ${other}`)).toBe('ack del_key OTHER');
    expect(await (await connectTo(gateway)).authenticate({}, other)).toMatch(/^success=0/);
    expect(await gateway.control(`del_key ${other}`)).toBe('nack del_key there is no such key');
  });

  test('counts and cuts sessions', async () => {
    const gateway = await openGateway({ source, endWithSource: false });
    const clients = [
      await startedClient(gateway, [subscription()]),
      await startedClient(gateway, [subscription()]),
    ] as const;
    await Promise.all(clients.map((client) => client.until(() => client.records.length > 0)));
    expect(await gateway.control('active_count')).toBe('ack active_count 2');
    expect(await gateway.control('disconnect 1')).toBe('ack disconnect');
    await clients[0].end();
    await expect.poll(() => gateway.control('active_count')).toBe('ack active_count 1');
    expect(await gateway.control('disconnect 1')).toBe('nack disconnect there is no session 1');
  });

  test('shows the state of things as JSON, without a key', async () => {
    const gateway = await openGateway({ source, faults: { eof: 0.25 }, pace: 'stepped' });
    await startedClient(gateway, [subscription()], { client: 'tester' });
    await (await connectTo(gateway)).line();
    await expect.poll(() => gateway.control('status')).toContain('streaming');
    const answer = await gateway.control('status');
    expect(answer).not.toContain(KEY);
    expect(JSON.parse(answer.slice('ack status '.length))).toEqual({
      ...{ now: String(START_NS), pace: 'stepped', faults: { eof: 0.25 } },
      sessions: [
        { session: 1, state: 'streaming', blocked: false, client: 'tester' },
        { session: 2, state: 'connected', blocked: false },
      ],
    });
  });

  test('changes the random faults', async () => {
    const gateway = await openGateway({ source });
    expect(await gateway.control('faults eof=0.5')).toBe('ack faults');
    expect(await gateway.control('status')).toContain('"faults":{"eof":0.5}');
    expect(await gateway.control('faults fire=1')).toMatch(/^nack faults "fire" is no fault/);
    expect(await gateway.control('faults none')).toBe('ack faults');
  });

  test('ends everything', async () => {
    const gateway = await openGateway({ source, endWithSource: false });
    const client = await startedClient(gateway, [subscription()]);
    expect(await gateway.control('close')).toBe('ack close');
    await client.end();
    expect(await gateway.control('close')).toBe('ack close');
  });

  test.each([
    ['dance', /^nack unknown command; the commands are eof, /],
    ['', /^nack unknown command/],
    ['toString', /^nack unknown command/],
    ['advance', 'nack advance "" is neither a duration such as 60s nor a time'],
    ['advance 1h', 'nack advance only a stepped clock is told the time'],
    ['error', 'nack error CODE must be a whole number from 0 to 255, not ""'],
    ['error 256', /^nack error CODE/],
    ['markers', 'nack markers say markers on or markers off'],
    ['outage soon', 'nack outage "soon" is no duration such as 15m'],
    ['unresolve', 'nack unresolve name a symbol'],
    ['remap', 'nack remap there is no instrument (none named)'],
    ['roll', 'nack roll name a root, such as ES'],
    ['add_key', 'nack add_key name a key'],
  ])('%j is refused with the reason', async (line, answer) => {
    const gateway = await openGateway({ source });
    if (typeof answer === 'string') expect(await gateway.control(line)).toBe(answer);
    else expect(await gateway.control(line)).toMatch(answer);
  });
});

test('two gateways cannot have one port', async () => {
  const { port } = await openGateway({ source });
  await expect(openGateway({ source, port })).rejects.toMatchObject({ code: 'connection' });
});
