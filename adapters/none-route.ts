import type { OrderRoute } from '#core/ports.ts';

/** The route of a dry account: orders go nowhere and count as accepted. */
export function noneRoute(): OrderRoute {
  return { send: () => Promise.resolve({ kind: 'accepted', id: 'none', logId: null }) };
}
