import type { Schema } from '../dbn/enums.ts';
import type { DbnVersion } from '../dbn/layouts.ts';
import type { DelayOptions } from './delay.ts';
import type { Disturbances } from './disturbances.ts';
import type { HostClock } from './host-clock.ts';
import type { GatewaySource } from './source.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What the sessions of a gateway share. */
export interface GatewayContext {
  readonly source: GatewaySource;
  readonly clock: VirtualClock;
  readonly host: HostClock;
  readonly disturbances: Disturbances;
  readonly keys: Set<string>;
  readonly seed: number;
  readonly version: DbnVersion;
  readonly delay: DelayOptions;
  /** How far back a replay may begin. */
  readonly replayWindowNs: bigint;
  /** Seconds between heartbeats for clients that name none; undefined for the real gateway's. */
  readonly heartbeatIntervalS: number | undefined;
  /** A client that does not take anything for so long is told that it is slow. */
  readonly slowAfterMs: number;
  /** A client that has not authenticated by then is cut off. */
  readonly authTimeoutMs: number;
  /** Ends every session at the end of the source. */
  readonly endWithSource: boolean;
  readonly chunkBytes: number | null;
  readonly frameBatches: number | null;
  /** When the last records of schemas were available, once some session has come to them. */
  readonly schemaEndsNs: Map<Schema, bigint>;
  /** Told when a session has been sent everything. */
  onCaughtUp(): void;
  /** Told when the source cannot be read. */
  onFailure(error: unknown): void;
  /** Whether one more session may stream. */
  mayStream(): boolean;
}
