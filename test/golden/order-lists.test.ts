import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fileFeed } from '#adapters/files/file-feed.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { loadVetoModel } from '#adapters/onnx/veto-model.ts';
import { loadConfig } from '#config/load.ts';
import { strategyOf } from '#config/strategy.ts';
import type { Order } from '#core/execution/order.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { BarFeed } from '#core/ports.ts';
import { orderListHash } from '#local/run-record.ts';
import { type PlainOptions, plainLoop } from '#test/simulation/plain-loop.ts';
import golden from './order-lists.json' with { type: 'json' };

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const realBars = inProject('../shared/data/market/es-minute-2013-2020.csv');
const config = loadConfig(inProject('config/dev.yml'));
const { universe } = config.market;
const calendar = cmeCalendar();

/** The orders of every configured strategy over one feed. */
async function ordersOver(feed: () => BarFeed, span: Pick<PlainOptions, 'announceFromTradeDate' | 'untilMs'>) {
  const models = { ES: await loadVetoModel(inProject('models/ibs-es/ES')) };
  const orders: Order[] = [];
  for (const { id } of config.strategies) {
    const { ledger } = await plainLoop(feed(), { strategy: strategyOf(config, id), universe, models, ...span });
    orders.push(...(await ledger.rows(id, 'ORDER')).map(({ body }) => body));
  }
  return { orders: orders.length, orderListHash: orderListHash(orders) };
}

/** `rooney local --json --once` over the same bars prints the same hashes. A change here is a change of decisions. */
describe('the orders of the dev configuration', () => {
  test.skipIf(!existsSync(realBars))('over a real week of ES are those on record', async () => {
    const feed = () => fileFeed({ path: realBars, calendar, universe });
    const found = await ordersOver(feed, { untilMs: Date.UTC(2013, 9, 12) });
    expect(found).toEqual(golden['real week of ES']);
  });

  test('over a generated session are those on record', async () => {
    const feed = () => generatorFeed({ seed: 1, universe, firstTradeDate: '2026-02-02', sessions: 4, calendar });
    expect(await ordersOver(feed, { announceFromTradeDate: '2026-02-05' })).toEqual(golden['generated session']);
  });
});
