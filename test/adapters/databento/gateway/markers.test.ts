import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Schema } from '#adapters/databento/dbn/enums.ts';
import { type MarkerSpan, withMarkers } from '#adapters/databento/gateway/markers.ts';
import { bar, type MadeRecord, MINUTE_NS, madeSource, minute, SECOND_NS, START_NS, tick } from './made-source.ts';

/** `ohlcv-1m @2` for records and `| ohlcv-1m @2` for markers, with minutes from the start. */
async function marked(records: readonly MadeRecord[], span: MarkerSpan): Promise<string[]> {
  const source = madeSource(records);
  const texts: string[] = [];
  for await (const batch of withMarkers(source.records({ schemas: source.schemas, fromNs: 0n }), span)) {
    for (const { schema, availableNs, bytes } of batch) {
      const minutes = Number(availableNs - START_NS) / Number(MINUTE_NS);
      texts.push(`${bytes[1] === 0x17 ? '| ' : ''}${schema} @${minutes}`);
    }
  }
  return texts;
}

describe('ends of intervals', () => {
  test('come after the records of the interval, and for empty intervals too', async () => {
    expect(
      await marked([bar(1, 0), bar(2, 0), bar(1, 3)], { schemas: ['ohlcv-1m'], fromNs: minute(1), untilNs: null }),
    ).toEqual([
      ...[
        'ohlcv-1m @1',
        'ohlcv-1m @1',
        '| ohlcv-1m @1',
        '| ohlcv-1m @2',
        '| ohlcv-1m @3',
        'ohlcv-1m @4',
        '| ohlcv-1m @4',
      ],
    ]);
  });

  test('come for each schema at its own times, in the order of the schemas', async () => {
    const records = [tick('bbo-1m', 1, 60), bar(1, 0), tick('trades', 1, 65)];
    const span = { schemas: ['bbo-1m', 'trades', 'ohlcv-1m'] as const, fromNs: minute(1), untilNs: null };
    expect(await marked(records, span)).toEqual([
      ...[
        'bbo-1m @1',
        'ohlcv-1m @1',
        '| bbo-1m @1',
        '| ohlcv-1m @1',
        `trades @${65 / 60}`,
        '| bbo-1m @2',
        '| ohlcv-1m @2',
      ],
    ]);
  });

  test('go on to a given time where no records follow', async () => {
    const span = { schemas: ['ohlcv-1m'] as const, fromNs: minute(1), untilNs: minute(3) };
    expect(await marked([], span)).toEqual(['| ohlcv-1m @1', '| ohlcv-1m @2', '| ohlcv-1m @3']);
    expect(await marked([], { ...span, untilNs: null })).toEqual([]);
  });

  test('of hours and days fall on whole ones', async () => {
    const span = { schemas: ['ohlcv-1h', 'ohlcv-1d'] as const, fromNs: START_NS + 1n, untilNs: minute(60 * 10) };
    const texts = await marked([], span);
    expect(texts.filter((text) => text.includes('1h'))).toHaveLength(10);
    expect(texts.filter((text) => text.includes('1d'))).toEqual(['| ohlcv-1d @540']);
  });

  test('come once each, in order, with all records of before in front of them', async () => {
    const anyRecords = fc.array(fc.record({ seconds: fc.nat(600), isBar: fc.boolean() }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(anyRecords, fc.integer({ min: -120, max: 400 }), async (made, fromSeconds) => {
        const records = made.map(({ seconds, isBar }) => {
          return isBar ? bar(1, Math.floor(seconds / 60)) : tick('bbo-1s', 1, seconds);
        });
        const fromNs = START_NS + BigInt(fromSeconds) * SECOND_NS;
        const schemas: Schema[] = ['ohlcv-1m', 'bbo-1s'];
        const source = madeSource(records);
        const seen: { isMarker: boolean; schema: Schema; timeNs: bigint }[] = [];
        const batches = source.records({ schemas: source.schemas, fromNs });
        for await (const batch of withMarkers(batches, { schemas, fromNs, untilNs: null })) {
          for (const { schema, availableNs, bytes } of batch) {
            seen.push({ isMarker: bytes[1] === 0x17, schema, timeNs: availableNs });
          }
        }
        const lastNs = records.map(({ availableNs }) => availableNs).filter((timeNs) => timeNs >= fromNs);
        for (const [schema, intervalNs] of [
          ['ohlcv-1m', MINUTE_NS],
          ['bbo-1s', SECOND_NS],
        ] as const) {
          const ends = seen.filter((one) => one.isMarker && one.schema === schema).map(({ timeNs }) => timeNs);
          const expected: bigint[] = [];
          const ceil = (timeNs: bigint): bigint => ((timeNs + intervalNs - 1n) / intervalNs) * intervalNs;
          const untilNs = lastNs.length === 0 ? 0n : ceil(lastNs.reduce((a, b) => (a > b ? a : b)));
          for (let endNs = ceil(fromNs); endNs <= untilNs; endNs += intervalNs) expected.push(endNs);
          expect(ends).toEqual(expected);
        }
        expect(seen.filter(({ isMarker }) => !isMarker)).toHaveLength(lastNs.length);
        for (const [index, { timeNs, isMarker }] of seen.entries()) {
          const before = seen[index - 1];
          if (before === undefined) continue;
          expect(timeNs >= before.timeNs).toBe(true);
          if (timeNs === before.timeNs && before.isMarker) expect(isMarker).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
