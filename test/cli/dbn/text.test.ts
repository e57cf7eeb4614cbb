import { describe, expect, test } from 'vitest';
import { isoTime } from '#cli/dbn/iso-time.ts';
import { progressText } from '#cli/dbn/progress.ts';

describe('times and progress as text', () => {
  test('a time has nine decimals unless it is a whole second', () => {
    expect(isoTime(1_609_160_400_000_000_000n)).toBe('2020-12-28T13:00:00Z');
    expect(isoTime(1_609_160_400_006_136_329n)).toBe('2020-12-28T13:00:00.006136329Z');
    expect(isoTime(0xffff_ffff_ffff_ffffn)).toBe('no time');
    expect(isoTime(0xffff_ffff_ffff_fffen)).toBe('2554-07-21T23:34:33.709551614Z');
  });

  test('progress is a share where the size is known', () => {
    const input = { name: 'es.dbn.zst', bytesRead: 49_200_000, bytesTotal: 120_000_000 };
    expect(progressText(input, 1_204_311, 2000)).toBe('41% of 120.0 MB | 24.6 MB/s | 1,204,311 records | es.dbn.zst');
    expect(progressText({ ...input, bytesTotal: null }, 7, 1000)).toBe('49.2 MB | 49.2 MB/s | 7 records | es.dbn.zst');
  });
});
