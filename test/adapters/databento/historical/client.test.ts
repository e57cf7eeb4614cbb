import { describe, expect, test } from 'vitest';
import type { HistoricalFault } from '#adapters/databento/gateway/historical-server.ts';
import { madeStartNs } from './made-source.ts';
import { barsRequest, failure, madeEndNs, served } from './served.ts';

const dataset = 'GLBX.MDP3';

/** Answers the first requests with faults, in turn, and later ones as usual. */
function inTurn(...faults: readonly HistoricalFault[]): (call: { readonly count: number }) => HistoricalFault | null {
  return ({ count }) => faults[count - 1] ?? null;
}

describe('the free calls', () => {
  test('say what there is', async () => {
    const { metadata } = (await served()).client();
    expect(await metadata.listDatasets()).toEqual([dataset]);
    expect(await metadata.listSchemas(dataset)).toEqual(['trades', 'ohlcv-1m']);
    expect(await metadata.listFields('ohlcv-1m')).toContainEqual({ name: 'volume', type: 'uint64_t' });
    expect(await metadata.listPublishers()).toEqual([
      { publisherId: 1, dataset, venue: 'GLBX', description: 'GLBX.MDP3, simulated' },
    ]);
    expect(await metadata.listUnitPrices(dataset)).toContainEqual({
      mode: 'historical-streaming',
      unitPrices: { trades: 1, 'ohlcv-1m': 1 },
    });
  });

  test('measure a range', async () => {
    const { metadata } = (await served({ usdPerGigabyte: 2 ** 30 })).client();
    expect(await metadata.getRecordCount(barsRequest)).toBe(12);
    expect(await metadata.getBillableSize(barsRequest)).toBe(12 * 56);
    expect(await metadata.getCost(barsRequest)).toBe(12 * 56);
    expect(await metadata.getRecordCount({ ...barsRequest, limit: 5 })).toBe(5);
  });

  test('say how good the data of each day is', async () => {
    const conditions = await (await served())
      .client()
      .metadata.getDatasetCondition(dataset, { startDate: '2026-01-04' });
    expect(conditions).toEqual([
      { date: '2026-01-04', condition: 'missing', lastModifiedDate: null },
      { date: '2026-01-05', condition: 'available', lastModifiedDate: '2026-01-06' },
      { date: '2026-01-06', condition: 'pending', lastModifiedDate: '2026-01-06' },
    ]);
  });

  test('resolve more symbols than one request may have, and join the answers', async () => {
    const { client, calls } = await served();
    const symbols = ['ESH6', ...Array.from({ length: 2_000 }, (_, index) => `X${index}`), 'ESF6'];
    const resolution = await client().symbology.resolve({
      ...{ dataset, symbols, stypeIn: 'raw_symbol', stypeOut: 'instrument_id' },
      ...{ startDate: '2026-01-05', endDate: '2026-01-08' },
    });
    expect(calls.length).toBe(2);
    expect(resolution.result).toEqual({
      ESH6: [{ startDate: '2026-01-05', endDate: '2026-01-08', symbol: '101' }],
      ESF6: [{ startDate: '2026-01-05', endDate: '2026-01-07', symbol: '105' }],
    });
    expect(resolution.partial).toEqual(['ESF6']);
    expect(resolution.notFound.length).toBe(2_000);
  });

  test('narrow a range to what is there', async () => {
    const { metadata } = (await served({ now: () => madeEndNs + 5n })).client();
    const range = { dataset, schema: 'ohlcv-1m' } as const;
    expect(await metadata.getDatasetRange(dataset)).toMatchObject({
      endNs: madeEndNs + 5n,
      schemas: { 'ohlcv-1m': { endNs: madeEndNs } },
    });
    expect(await metadata.clampRange({ ...range, start: madeStartNs, end: '2030-01-01' })).toEqual({
      startNs: madeStartNs,
      endNs: madeEndNs,
    });
    expect(await metadata.clampRange({ ...range, start: '2010-01-01', end: madeEndNs })).toMatchObject({
      startNs: 1_767_571_200_000_000_000n,
    });
    expect(await metadata.clampRange({ ...range, start: '2027-01-01', end: '2027-01-02' })).toBeNull();
  });
});

describe('a call that fails', () => {
  test.each<[string, HistoricalFault]>([
    ['status 500', { status: 500 }],
    ['status 503 from what stands before the API', { status: 503, body: '<html>busy</html>' }],
    ['status 408', { status: 408 }],
  ])('is tried again after %s, waiting longer each time', async (_, fault) => {
    const { client } = await served({ fault: inTurn(fault, fault, fault) });
    const { metadata, waits } = client();
    expect(await metadata.listDatasets()).toEqual([dataset]);
    expect(waits).toEqual([250, 500, 1_000]);
  });

  test('is tried a bounded number of times', async () => {
    const { client, calls } = await served({ fault: () => ({ status: 502 }) });
    const error = await failure(client({ attemptsMax: 3 }).metadata.listDatasets());
    expect(error).toMatchObject({ code: 'connection', kind: 'transient', status: 502, requestId: 'sim-00000003' });
    expect(calls.length).toBe(3);
  });

  test('waits as long as the API asks, and a second when it does not say', async () => {
    const fault = inTurn({ status: 429, headers: { 'retry-after': '7' } }, { status: 429 });
    const { metadata, waits } = (await served({ fault })).client();
    await metadata.listDatasets();
    expect(waits).toEqual([7_250, 1_500]);
  });

  test('is given up at once when the API asks for more patience than there is', async () => {
    const { client, calls } = await served({ fault: () => ({ status: 429, headers: { 'retry-after': '3600' } }) });
    expect(await failure(client().metadata.listDatasets())).toMatchObject({ status: 429, retryAfterMs: 3_600_000 });
    expect(calls.length).toBe(1);
  });

  test.each([
    [400, 'refused', /see the message/],
    [402, 'refused', /add credit/],
    [403, 'refused', /licence/],
    [404, 'refused', /check both/],
    [422, 'refused', /correct the parameters/],
  ])('is not tried again after status %i, and says what to do', async (status, code, remedy) => {
    const { client, calls } = await served({ fault: () => ({ status }) });
    const error = await failure(client().metadata.listDatasets());
    expect(error).toMatchObject({ code, kind: 'contract', status, requestId: 'sim-00000001' });
    expect(error.message).toMatch(remedy);
    expect(error.message).toMatch(
      /metadata.list_datasets was refused with status \d+; Status \d+ on request\.; .*request sim-00000001/,
    );
    expect(calls.length).toBe(1);
  });

  test('tells the case, the message and the page of the documentation', async () => {
    const { client } = await served({ now: () => madeEndNs });
    const error = await failure(client({ maxUsd: 1 }).metadata.getCost({ ...barsRequest, end: '2030-01-01' }));
    expect(error).toMatchObject({ status: 422, apiCase: 'data_end_after_available_end', requestId: 'sim-00000001' });
    expect(error.docs).toMatch(/^https:\/\/databento.com/);
    expect(error.message).toMatch(/available up to '2026-01-05T14:34.*metadata.clampRange gives the latest end/);
  });

  test.each([
    ['text', 'no\n\nsuch\tthing'.repeat(10_000), /no such thing.{400,520}\.\.\.; correct/],
    ['nothing', '', /status 422; correct/],
    ['a list of faults', '{"detail":[{"loc":["body"],"msg":"field required"}]}', /"msg":"field required"/],
    ['JSON of another kind', '[1]', /\[1\]; correct/],
  ])('makes the best of a body that is %s', async (_, body, message) => {
    const { client } = await served({ fault: () => ({ status: 422, body }) });
    const error = await failure(client().metadata.listDatasets());
    expect(error.message).toMatch(message);
    expect(error.message.length).toBeLessThan(800);
  });

  test('does not follow a redirect, which would take the key along', async () => {
    const elsewhere = await served();
    const headers = { location: `${elsewhere.server.url}/v0/metadata.list_datasets` };
    const { client } = await served({ fault: () => ({ status: 307, headers }) });
    expect(await failure(client().metadata.listDatasets())).toMatchObject({
      code: 'protocol',
      message: expect.stringMatching(/redirects are not followed/),
    });
    expect(elsewhere.calls).toEqual([]);
  });

  test('is tried again when there is no connection', async () => {
    const { server, client } = await served();
    const { metadata, waits } = client();
    await server.close();
    expect(await failure(metadata.listDatasets())).toMatchObject({
      code: 'connection',
      message: expect.stringMatching(/^metadata.list_datasets: the connection failed \(ECONNREFUSED\)/),
    });
    expect(waits.length).toBe(4);
  });
});

describe('an answer', () => {
  test.each([
    ['no JSON', 'fine', /not JSON/],
    ['of another shape', '{"datasets":[]}', /list_datasets is not what it should be/],
    ['with nonsense in it', '["GLBX.MDP3",""]', /1: /],
  ])('that is %s is not believed', async (_, body, message) => {
    const { client } = await served({ fault: () => ({ status: 200, body }) });
    const error = await failure(client().metadata.listDatasets());
    expect(error).toMatchObject({ code: 'protocol', message: expect.stringMatching(message) });
  });

  test.each([
    ['a negative cost', '-1'],
    ['a cost in text', '"0"'],
    ['no cost', 'null'],
  ])('of %s stops the range that it was to guard', async (_, body) => {
    const { client, calls } = await served({ fault: () => ({ status: 200, body }) });
    const error = await failure(client({ maxUsd: 5 }).timeseries.getRange(barsRequest));
    expect(error).toMatchObject({ code: 'protocol' });
    expect(calls.map(({ name }) => name)).toEqual(['metadata.get_cost']);
  });

  test('may have fields that are not known', async () => {
    const body = '[{"publisher_id":1,"dataset":"GLBX.MDP3","venue":"GLBX","description":"","since":2017}]';
    const { client } = await served({ fault: () => ({ status: 200, body }) });
    expect(await client().metadata.listPublishers()).toEqual([
      { publisherId: 1, dataset, venue: 'GLBX', description: '' },
    ]);
  });

  test('may come with warnings, which are passed on', async () => {
    const warnings: string[] = [];
    const fault = inTurn({ warnings: ['DeprecationWarning: old', 'Note: new'] }, { headers: { 'x-warning': 'plain' } });
    const { metadata } = (await served({ fault })).client({ onWarning: (warning) => warnings.push(warning) });
    await metadata.listDatasets();
    await metadata.listDatasets();
    expect(warnings).toEqual(['DeprecationWarning: old', 'Note: new', 'plain']);
  });
});
