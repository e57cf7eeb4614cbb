import { dbnFileSource } from '#adapters/databento/gateway/file-source.ts';
import {
  type HistoricalCall,
  type HistoricalFault,
  startHistoricalServer,
} from '#adapters/databento/gateway/historical-server.ts';

/**
 * Serves files as history until the standard input ends: `serve-historical.ts KEY NOW_NS FILE...`. Prints the address.
 * A request with one of these limits goes wrong in a certain way.
 */
const faultOfLimit: Readonly<Record<string, HistoricalFault>> = {
  429: { status: 429, headers: { 'retry-after': '1' } },
  500: { status: 500 },
  503: { status: 503, body: 'down for maintenance' },
  700: { warnings: ['DeprecationWarning: this is old', 'this is worth knowing'] },
  800: { cut: { afterBytes: 3000, by: 'cut' } },
};

function faultOf({ parameters }: HistoricalCall): HistoricalFault | null {
  return faultOfLimit[parameters.get('limit') ?? ''] ?? null;
}

const [key, nowNs, ...paths] = process.argv.slice(2);
if (key === undefined || nowNs === undefined) throw new Error('usage: serve-historical.ts KEY NOW_NS FILE...');
const source = await dbnFileSource(paths);
const server = await startHistoricalServer({ source, keys: [key], port: 0, now: () => BigInt(nowNs), fault: faultOf });
process.stdout.write(`${server.url}\n`);
process.stdin.on('end', () => void server.close()).resume();
