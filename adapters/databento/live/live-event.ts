import type { Schema } from '../dbn/enums.ts';
import type { DbnMetadata } from '../dbn/metadata.ts';
import type { DbnRecord } from '../dbn/record.ts';

/** What happens on a live feed besides records; times are nanoseconds since the epoch unless named otherwise. */
export type LiveNotice =
  /** A session streams. Instrument ids mean what this session's symbol mappings say. */
  | {
      readonly kind: 'connected';
      readonly sessionId: string;
      readonly gatewayVersion: string;
      readonly metadata: DbnMetadata;
    }
  /** The session ended or could not be opened; the next attempt follows after `retryInMs`. */
  | { readonly kind: 'disconnected'; readonly reason: string; readonly retryInMs: number }
  /** Records with index times in [fromNs, toNs) may be missing for good: the gateway no longer replays them. */
  | { readonly kind: 'gap'; readonly schema: Schema; readonly fromNs: bigint; readonly toNs: bigint }
  | { readonly kind: 'subscribed'; readonly subscriptionId: number | null; readonly message: string }
  /** The gateway does not want this subscription; the others go on without it. */
  | { readonly kind: 'subscription-refused'; readonly subscriptionId: number; readonly message: string }
  /** A symbol stands for nothing (yet); the subscription goes on. */
  | { readonly kind: 'symbol-error'; readonly symbol: string | null; readonly message: string }
  /** A continuous symbol stands for another contract than when it was mapped last. */
  | {
      readonly kind: 'symbol-changed';
      readonly symbol: string;
      readonly from: string;
      readonly to: string;
      readonly instrumentId: number;
    }
  | { readonly kind: 'replay-completed'; readonly schema: Schema | null; readonly message: string }
  /** We read too slowly: records come late, or are left out if that was asked for. */
  | { readonly kind: 'slow-reader'; readonly isSkipping: boolean; readonly message: string }
  /** An error of the gateway that has no kind of its own. */
  | { readonly kind: 'gateway-error'; readonly code: number; readonly message: string };

/**
 * Everything that a live feed brings, in order. Every record that the gateway sends is one, but for those delivered
 * before; a notice that explains a record follows it.
 */
export type LiveEvent = { readonly kind: 'record'; readonly record: DbnRecord } | LiveNotice;

/** Something worth keeping in a log; nothing in it is secret. */
export interface LiveLogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
}
