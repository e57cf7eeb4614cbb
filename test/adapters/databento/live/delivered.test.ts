import { describe, expect, test } from 'vitest';
import { flagBits, rtypes, UNDEF_TIMESTAMP } from '../../../../adapters/databento/dbn/enums.ts';
import type { DbnRecord } from '../../../../adapters/databento/dbn/record.ts';
import { Resume } from '../../../../adapters/databento/live/resume.ts';
import { withView } from './replaying-gateway.ts';
import { bar, DATASET, MINUTE_NS, START_NS, trade } from './scripted-gateway.ts';

describe('what counts as delivered before', () => {
  test('a bar of the same instrument and time, at any time', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'ohlcv-1m', start: null, snapshot: false });
    resume.begin(resume.plan(START_NS), START_NS);
    const accepted = [bar(0), bar(1), bar(0), bar(0, 2), bar(1, 1, 9n)].map((record) =>
      withView(record, (view) => resume.accept(view)),
    );
    expect(accepted).toEqual([true, true, false, true, false]);
  });

  test('a marker of the same schema and time', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'ohlcv-1m', start: null, snapshot: false });
    expect([START_NS, START_NS, START_NS + MINUTE_NS].map((ns) => resume.acceptMarker('ohlcv-1m', ns))).toEqual([
      true,
      false,
      true,
    ]);
    expect(resume.acceptMarker('ohlcv-1s', START_NS)).toBe(true);
  });

  test('a snapshot of the order book never, since it comes anew with every session', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'mbo', start: null, snapshot: true });
    resume.begin(resume.plan(START_NS), START_NS);
    const order = { ...mbo(START_NS), flags: flagBits.snapshot };
    expect([order, order].map((record) => withView(record, (view) => resume.accept(view)))).toEqual([true, true]);
  });

  test('a record without a time never, since it cannot be told from others', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'trades', start: START_NS, snapshot: false });
    resume.begin(resume.plan(START_NS), START_NS);
    const timeless = trade(UNDEF_TIMESTAMP);
    expect([timeless, timeless].map((record) => withView(record, (view) => resume.accept(view)))).toEqual([true, true]);
    resume.end(0);
    expect(resume.plan(START_NS).starts.get(1)).toBe(START_NS);
  });

  test('quotes at intervals by the interval, not by the trade before them', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'bbo-1m', start: START_NS, snapshot: false });
    resume.begin(resume.plan(START_NS), START_NS);
    const quotes = [0n, 1n, 1n].map((minute) => bbo(START_NS + minute * MINUTE_NS));
    expect(quotes.map((record) => withView(record, (view) => resume.accept(view)))).toEqual([true, true, false]);
  });

  test('of trades of the same time, so many as came before', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'trades', start: null, snapshot: false });
    const take = (): boolean => withView(trade(START_NS), (view) => resume.accept(view));
    resume.begin(resume.plan(START_NS), START_NS);
    expect([take(), take()]).toEqual([true, true]);
    resume.end(0);
    resume.begin(resume.plan(START_NS), START_NS);
    expect([take(), take(), take()]).toEqual([false, false, true]);
  });

  test('a bar whose time is no whole minute is told apart all the same', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'ohlcv-1m', start: null, snapshot: false });
    const odd = { ...bar(0), ts_event: START_NS + 1n };
    const accepted = [bar(0), odd, odd].map((record) => withView(record, (view) => resume.accept(view)));
    expect(accepted).toEqual([true, true, false]);
  });
});

function mbo(tsEvent: bigint): DbnRecord {
  const { price, size, action, side, ts_recv, ts_in_delta, sequence } = trade(tsEvent);
  const head = { length: 0, rtype: rtypes.mbo, publisher_id: 1, instrument_id: 1, ts_event: tsEvent };
  const fields = { price, size, action, side, ts_recv, ts_in_delta, sequence };
  return { layout: 'mbo', ...head, ...fields, order_id: 1n, flags: 0, channel_id: 0 };
}

/** A quote at the end of an interval, long after the last trade. */
function bbo(tsRecv: bigint): DbnRecord {
  const { price, size, side, flags, sequence } = trade(START_NS);
  const level = { bid_px_00: 1n, ask_px_00: 2n, bid_sz_00: 1, ask_sz_00: 1, bid_ct_00: 1, ask_ct_00: 1 };
  const head = { length: 0, rtype: rtypes['bbo-1m'], publisher_id: 1, instrument_id: 1, ts_event: START_NS };
  return { layout: 'bbo', ...head, price, size, side, flags, ts_recv: tsRecv, sequence, ...level };
}
