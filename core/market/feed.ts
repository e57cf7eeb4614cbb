import type { Grade, MinuteBar } from './bar.ts';

/**
 * What a bar source says, in time order.
 *
 * `bar`: a finished one-minute bar. `closed`: every bar of the minute ending at `closeTimeMs` has been delivered, with
 * the grade that this source can vouch for. `gap`: nothing is known of the session time in [fromMs, toMs).
 */
export type FeedEvent =
  | { readonly kind: 'bar'; readonly bar: MinuteBar }
  | { readonly kind: 'closed'; readonly closeTimeMs: number; readonly grade: Exclude<Grade, 'holed'> }
  | { readonly kind: 'gap'; readonly fromMs: number; readonly toMs: number };
