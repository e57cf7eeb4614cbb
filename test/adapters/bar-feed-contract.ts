import { describe, expect, test } from 'vitest';
import { makeFeedOrder } from '#core/market/feed-order.ts';
import { instrumentOf } from '#core/market/instrument.ts';
import { minutePlace } from '#core/market/session-spans.ts';
import { groupsOf } from '#core/market/trade-date.ts';
import type { BarFeed } from '#core/ports.ts';
import { calendar } from '../core/market/feed-events.ts';
import { collected } from './collected.ts';

/** What every bar feed promises. `make` gives one that tells of a few sessions of some roots and then ends. */
export function barFeedContract(name: string, universe: readonly string[], make: () => Promise<BarFeed>): void {
  describe(`the ${name} feed`, () => {
    test('tells of every minute in session once, in time order, and of no bar twice', async () => {
      const feed = await make();
      const events = await collected(feed.events());
      const order = makeFeedOrder({ source: name, calendar, groups: groupsOf(universe) });
      for (const event of events) {
        if (event.kind === 'closed') order.closeMinute(event.closeTimeMs);
        if (event.kind === 'gap') order.passGap(event);
        if (event.kind !== 'bar') continue;
        order.check(event.bar);
        const place = minutePlace(calendar, instrumentOf(event.bar.root).group, event.bar.openTimeMs);
        if (place === 'in-session') order.keep(event.bar);
      }
      expect(events.filter(({ kind }) => kind === 'closed').length).toBeGreaterThan(1_000);
      expect(feed.source).not.toBe('');
    });

    test('names roots of the universe and contracts with a four-digit year', async () => {
      const bars = (await collected((await make()).events())).flatMap((event) =>
        event.kind === 'bar' ? event.bar : [],
      );
      expect(bars.length).toBeGreaterThan(1_000);
      expect(bars.filter(({ root, contract }) => !universe.includes(root) || !/^.+[A-Z]\d{4}$/.test(contract))).toEqual(
        [],
      );
    });
  });
}
