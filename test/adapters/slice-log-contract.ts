import { describe, expect, test } from 'vitest';
import type { Gap, Slice } from '#core/market/slice.ts';
import type { SliceLog } from '#core/ports.ts';
import { collected } from './collected.ts';

/** A slice without bars, closed at a UTC time. */
export function emptySlice(close: string, changed: Partial<Slice> = {}): Slice {
  const closeTimeMs = Date.parse(`${close}Z`);
  const previousCloseTimeMs = closeTimeMs - 60_000;
  const rest = { gap: null, grade: 'presumed', bars: [], leads: {}, source: 'file' } as const;
  return { schemaVersion: 1, closeTimeMs, previousCloseTimeMs, ...rest, ...changed };
}

function gapOf(from: string, to: string): Gap {
  const [fromMs, toMs] = [Date.parse(`${from}Z`), Date.parse(`${to}Z`)];
  return { fromMs, toMs, minutes: (toMs - fromMs) / 60_000 };
}

/** What every slice log promises. `make` gives an empty one. */
export function sliceLogContract(name: string, make: () => Promise<SliceLog>): void {
  const at = (text: string): number => Date.parse(`${text}Z`);

  describe(`the ${name} slice log`, () => {
    test('keeps the first slice of a minute and gives it to whoever comes later', async () => {
      const log = await make();
      const first = emptySlice('2014-03-05T15:00', { leads: { ES: 'ESH2014' } });
      const second = emptySlice('2014-03-05T15:00', { leads: { ES: 'ESM2014' } });
      expect(await log.put(first)).toEqual(first);
      expect(await log.put(second)).toEqual(first);
      expect(await log.put(first)).toEqual(first);
    });

    test('reads slices in order over days, both ends included', async () => {
      const log = await make();
      const closes = [
        '2014-03-06T00:01',
        '2014-03-05T23:58',
        '2014-03-06T00:00',
        '2014-03-05T23:59',
        '2014-03-08T00:00',
      ];
      for (const close of closes) await log.put(emptySlice(close));
      const read = await collected(log.between(at('2014-03-05T23:59'), at('2014-03-08T00:00')));
      expect(read).toEqual(
        ['2014-03-05T23:59', '2014-03-06T00:00', '2014-03-06T00:01', '2014-03-08T00:00'].map((close) =>
          emptySlice(close),
        ),
      );
      expect(await collected(log.between(at('2014-03-06T00:02'), at('2014-03-07T23:59')))).toEqual([]);
    });

    test('knows the gaps that overlap a span, in order, announced or not', async () => {
      const log = await make();
      const [first, second, third] = [
        gapOf('2014-03-05T10:00', '2014-03-05T10:30'),
        gapOf('2014-03-05T15:00', '2014-03-05T15:10'),
        gapOf('2014-03-06T10:00', '2014-03-06T10:01'),
      ] as const;
      await log.put(emptySlice('2014-03-06T10:01', { gap: third, grade: 'holed' }));
      await log.put(emptySlice('2014-03-05T15:10', { gap: second, grade: 'holed' }));
      await log.putGap(first);
      await log.putGap(first);
      expect(await log.gaps(0, at('2014-03-07T00:00'))).toEqual([first, second, third]);
      expect(await log.gaps(at('2014-03-05T10:29'), at('2014-03-05T15:01'))).toEqual([first, second]);
      expect(await log.gaps(at('2014-03-05T10:30'), at('2014-03-05T15:00'))).toEqual([]);
    });

    test('knows no gap of a slice that came too late', async () => {
      const log = await make();
      await log.put(emptySlice('2014-03-05T15:10'));
      const gap = gapOf('2014-03-05T15:00', '2014-03-05T15:10');
      await log.put(emptySlice('2014-03-05T15:10', { gap, grade: 'holed' }));
      expect(await log.gaps(0, at('2014-03-07T00:00'))).toEqual([]);
    });
  });
}
