import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileFeed } from '#adapters/files/file-feed.ts';
import { loadVetoModel } from '#adapters/onnx/veto-model.ts';
import { loadConfig } from '#config/load.ts';
import { strategyOf } from '#config/strategy.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { type PlainRun, plainLoop } from '#test/simulation/plain-loop.ts';
import { replayed } from '#test/simulation/replayed.ts';
import { hasRealBars, realBars, realWeek } from './real-week.ts';
import { startUnit, type UnitUnderTest } from './strategy-unit.ts';

const TRADE_DATE = '2013-10-11';
/** From shortly before an entry to shortly after its exit. */
const FROM_MS = Date.UTC(2013, 9, 11, 4, 50);
const UNTIL_MS = Date.UTC(2013, 9, 11, 6, 5);

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

describe.skipIf(!hasRealBars)('the functions on the emulators and a plain loop over the same bars', () => {
  let unit: UnitUnderTest;
  let plain: PlainRun;

  beforeAll(async () => {
    unit = await startUnit();
    const { history, slices } = await realWeek(TRADE_DATE, UNTIL_MS);
    for (const { sessions, gap } of history) {
      await unit.history.writeSessions(sessions);
      if (gap !== null) await unit.sliceLog.putGap(gap);
    }
    for (const slice of slices) {
      await unit.history.write(slice.bars, slice.closeTimeMs);
      await unit.sliceLog.put(slice);
      if (slice.closeTimeMs < FROM_MS) continue;
      await unit.deliver(slice);
      for (const message of await unit.receive()) await unit.execute(message, slice.closeTimeMs);
    }
    const config = loadConfig(inProject('config/dev.yml'));
    const { universe } = config.market;
    plain = await plainLoop(fileFeed({ path: realBars, calendar: cmeCalendar(), universe }), {
      strategy: strategyOf(config, 'ibs-es'),
      universe,
      models: { ES: await loadVetoModel(inProject('models/ibs-es/ES')) },
      announceFromTradeDate: TRADE_DATE,
      untilMs: UNTIL_MS,
    });
  });
  afterAll(() => unit.stop());

  test('make the same decisions, with the same evidence', async () => {
    const decided = (await unit.ledger.rows('ibs-es', 'DECISION')).map(({ body }) => body);
    expect(decided.map(({ action }) => action)).toContain('enter');
    expect(decided.map(({ action }) => action)).toContain('exit');
    expect(decided).toEqual(plain.decisions.filter(({ closeTimeMs }) => closeTimeMs >= FROM_MS));
  });

  test('send the same orders, which the sandbox took', async () => {
    const ordersOf = async ({ ledger }: Pick<PlainRun, 'ledger'>) =>
      (await ledger.rows('ibs-es', 'ORDER')).map(({ body }) => body);
    const orders = await ordersOf(unit);
    expect(orders).toEqual(await ordersOf(plain));
    expect(unit.sandbox.received().map(({ status }) => status)).toEqual(orders.map(() => 200));
  });

  test('are made again, image and rows, by replaying what they left in the tables', async () => {
    const slices = await Array.fromAsync(unit.sliceLog.between(FROM_MS, UNTIL_MS));
    const { ledger, history } = unit;
    const strategy = strategyOf(loadConfig(inProject('config/dev.yml')), 'ibs-es');
    const images = await replayed({ strategy, slices, history, ledger });
    expect(JSON.stringify(images.at(-1))).toBe(JSON.stringify(await ledger.load('ibs-es')));
    const kinds = ['DECISION', 'ORDER', 'OUTCOME', 'TRADE'] as const;
    for (const kind of kinds) {
      const again = images.flatMap(({ rows }) => rows.filter((row) => row.kind === kind));
      expect(again).toEqual(await ledger.rows('ibs-es', kind));
    }
  });

  test('close the same trade at the same prices', async () => {
    const tradesOf = async ({ ledger }: Pick<PlainRun, 'ledger'>) =>
      (await ledger.rows('ibs-es', 'TRADE')).map(({ body }) => body);
    const trades = await tradesOf(unit);
    expect(trades).toHaveLength(1);
    expect(trades).toEqual(await tradesOf(plain));
  });
});
