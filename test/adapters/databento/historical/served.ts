import { onTestFinished } from 'vitest';
import {
  type HistoricalCall,
  type HistoricalServer,
  type HistoricalServerOptions,
  startHistoricalServer,
} from '#adapters/databento/gateway/historical-server.ts';
import { HistoricalClient, type HistoricalOptions } from '#adapters/databento/historical/client.ts';
import type { RangeRequest } from '#adapters/databento/historical/parameters.ts';
import { type MadeRecord, madeBars, madeSource, madeStartNs } from './made-source.ts';

/** A key of nobody's, with the shape of one. */
export const testKey = 'db-unittestapikey1234567890FFFFF';

export const madeEndNs = madeStartNs + 4n * 60_000_000_000n;

/** Four minutes of bars of ESH6, ESM6 and their spread. */
export const barsRequest: RangeRequest = {
  dataset: 'GLBX.MDP3',
  schema: 'ohlcv-1m',
  symbols: ['ES.FUT'],
  stypeIn: 'parent',
  start: madeStartNs,
  end: madeEndNs,
};

/** A server over made bars, or other records, and what it was asked. */
export interface Served {
  readonly server: HistoricalServer;
  readonly calls: readonly HistoricalCall[];
  /** A client of it that waits for nothing and is closed with the test; `waits` are what it would have waited. */
  client(options?: Partial<HistoricalOptions>): HistoricalClient & { readonly waits: number[] };
}

/** Starts a server that is closed with the test. */
export async function served(
  options: Partial<HistoricalServerOptions> & { readonly records?: readonly MadeRecord[] } = {},
): Promise<Served> {
  const { records = madeBars(6), ...rest } = options;
  const calls: HistoricalCall[] = [];
  const server = await startHistoricalServer({
    source: madeSource(records),
    keys: [testKey],
    port: 0,
    now: () => madeStartNs + 86_400_000_000_000n,
    ...rest,
    fault(call) {
      calls.push(call);
      return options.fault?.(call) ?? null;
    },
  });
  onTestFinished(() => server.close());
  return { server, calls, client: (more) => clientOf(server.url, more) };
}

/** A client of an address, as above. */
export function clientOf(baseUrl: string, options: Partial<HistoricalOptions> = {}): ReturnType<Served['client']> {
  const waits: number[] = [];
  const client = new HistoricalClient({
    key: testKey,
    baseUrl,
    random: () => 0.5,
    clock: {
      sleep(ms) {
        waits.push(ms);
        return Promise.resolve();
      },
    },
    ...options,
  });
  onTestFinished(() => client.close());
  return Object.assign(client, { waits });
}

/** The error of a promise that must fail. */
export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const outcome = await promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  return outcome as Error & Record<string, unknown>;
}
