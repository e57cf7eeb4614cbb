import { instrumentOf } from './instrument.ts';
import type { SessionCalendar, SessionGroup } from './session-calendar.ts';

/** The session groups of some roots, each once, in the order of the roots. Throws a contract error for an unknown root. */
export function groupsOf(universe: readonly string[]): readonly SessionGroup[] {
  return [...new Set(universe.map((root) => instrumentOf(root).group))];
}

/**
 * The instant from which on something of a universe (at least one root) trades under a trade date or a later one: the
 * first open of a session of that date or, for a group that has none, of its next session.
 */
export function tradeDateOpenMs(calendar: SessionCalendar, universe: readonly string[], tradeDate: string): number {
  const opens = groupsOf(universe).map((group) => {
    const session = calendar.session(group, tradeDate) ?? calendar.nextSession(group, tradeDate);
    return session.openMs;
  });
  return Math.min(...opens);
}
