import { expect, onTestFinished } from 'vitest';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { DbnRecord } from '#adapters/databento/dbn/record.ts';
import { openDbn } from '#adapters/databento/dbn/stream.ts';
import { type HistoricalServerOptions, startHistoricalServer } from '#adapters/databento/gateway/historical-server.ts';
import { type MadeRecord, madeSource, madeStartNs } from '../historical/made-source.ts';

/** A key of nobody's, with the shape of one. */
export const key = 'db-unittestapikey1234567890FFFFF';
/** The header that carries it. */
export const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
export const minuteNs = 60_000_000_000n;
export const dayNs = 1_440n * minuteNs;

/** Asks for a call with a form, or as `init` says. */
export type Ask = (
  name: string,
  parameters?: Readonly<Record<string, string>>,
  init?: RequestInit,
) => Promise<Response>;

/** A server over made records that is closed with the test, and a way to ask it. */
export async function serve(
  records: readonly MadeRecord[],
  options: Partial<HistoricalServerOptions> = {},
): Promise<{ readonly url: string; readonly ask: Ask }> {
  const now = () => madeStartNs + dayNs;
  const server = await startHistoricalServer({ source: madeSource(records), keys: [key], port: 0, now, ...options });
  onTestFinished(() => server.close());
  const ask: Ask = (name, parameters = {}, init = {}) => {
    const body = new URLSearchParams(parameters);
    return fetch(`${server.url}/v0/${name}`, { method: 'POST', body, headers: { authorization }, ...init });
  };
  return { url: server.url, ask };
}

/** Four minutes of all bars. */
export const bars = {
  dataset: 'GLBX.MDP3',
  schema: 'ohlcv-1m',
  start: `${madeStartNs}`,
  end: `${madeStartNs + 4n * minuteNs}`,
};

/** What an answer to get_range holds. */
export async function opened(
  response: Promise<Response>,
): Promise<{ metadata: DbnMetadata; records: readonly DbnRecord[] }> {
  const { status, body } = await response;
  expect(status).toBe(200);
  const stream = await openDbn(body as ReadableStream<Uint8Array>);
  return { metadata: stream.metadata!, records: await Array.fromAsync(stream.records()) };
}

/** Made records as they are to come. */
export function recordsOf(made: readonly MadeRecord[]): readonly DbnRecord[] {
  return made.map(({ record }) => record);
}
