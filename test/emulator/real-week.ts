import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fileFeed } from '#adapters/files/file-feed.ts';
import { loadConfig } from '#config/load.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { Slice } from '#core/market/slice.ts';
import { makeSlicer, type Sliced } from '#core/market/slicing.ts';
import { tradeDateOpenMs } from '#core/market/trade-date.ts';

const config = loadConfig(fileURLToPath(new URL('../../config/dev.yml', import.meta.url)));

/** Real one-minute bars of ES, October 2013 to January 2020; beside the checkout, not in it. */
export const realBars = fileURLToPath(new URL('../../../shared/data/market/es-minute-2013-2020.csv', import.meta.url));
export const hasRealBars = existsSync(realBars);

/** What the slicer makes of the real bars: history before `fromTradeDate`, slices from it up to `untilMs`. */
export async function realWeek(
  fromTradeDate: string,
  untilMs: number,
): Promise<{ history: Sliced[]; slices: Slice[] }> {
  const calendar = cmeCalendar();
  const { universe } = config.market;
  const openMs = tradeDateOpenMs(calendar, universe, fromTradeDate);
  const isHistory = (closeTimeMs: number) => closeTimeMs <= openMs;
  const slicer = makeSlicer({ universe, calendar, source: 'file', isHistory });
  const history: Sliced[] = [];
  const slices: Slice[] = [];
  for await (const event of fileFeed({ path: realBars, calendar, universe }).events()) {
    const sliced = slicer.take(event);
    if (sliced.slice !== null && sliced.slice.closeTimeMs > untilMs) break;
    history.push({ ...sliced, slice: null });
    if (sliced.slice !== null) slices.push(sliced.slice);
  }
  return { history, slices };
}
