import { describe, expect, test } from 'vitest';
import { memorySliceLog } from '#adapters/memory/slice-log.ts';
import { lastAnnouncedMs } from '#ingest-service/resume.ts';
import { emptySlice } from '../adapters/slice-log-contract.ts';
import { calendar, utc } from '../core/market/feed-events.ts';

/** History from the open of Wednesday to the middle of Thursday; `closes` are the slices that were announced. */
async function resumed(...closes: readonly string[]) {
  const sliceLog = memorySliceLog();
  for (const close of closes) await sliceLog.put(emptySlice(close));
  const history = { fromMs: utc('2014-03-04T23:00'), toMs: utc('2014-03-06T15:00') };
  const lastMs = await lastAnnouncedMs({ sliceLog, calendar, universe: ['ES'], history });
  return { lastMs, gaps: await sliceLog.gaps(0, utc('2015-01-01T00:00')) };
}

describe('a service that starts', () => {
  test('for the first time resumes nothing', async () => {
    expect(await resumed()).toEqual({ lastMs: null, gaps: [] });
  });

  test.each(['2014-03-05T10:00', '2014-03-06T14:59', '2014-03-06T15:05'])(
    'resumes after the newest slice within its history, or newer than it: %s',
    async (close) => {
      expect(await resumed('2014-03-04T23:01', close)).toEqual({ lastMs: utc(close), gaps: [] });
    },
  );

  test('records what lies between the newest slice and its history as a gap, and announces none of it', async () => {
    const { lastMs, gaps } = await resumed('2014-03-04T20:00');
    expect(lastMs).toBeNull();
    // Until 21:15, and from 21:30 to 22:15.
    expect(gaps).toEqual([{ fromMs: utc('2014-03-04T20:00'), toMs: utc('2014-03-04T22:15'), minutes: 120 }]);
  });

  test('records no gap of closed time', async () => {
    expect(await resumed('2014-03-04T22:15')).toEqual({ lastMs: null, gaps: [] });
  });
});
