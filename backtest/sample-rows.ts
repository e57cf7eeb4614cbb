/**
 * Writes the rows that the sample forest is fitted to: `node cli/node24.mjs backtest/sample-rows.ts OUT_FOLDER`.
 *
 * The same seed always gives the same rows, so the committed model can be made again.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { registryHash } from '#adapters/onnx/registry-hash.ts';
import { featureOf } from '#core/features/registry.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { candidateRows } from './candidate-rows.ts';

const ROOT = 'ES';
const FEATURES = ['ibs-1h', 'rsi-2-1h', 'true-range-ratio-20-1h'];
const SEED = 20_260_101;
const FIRST_TRADE_DATE = '2025-01-06';
const SESSIONS = 250;

const [out] = process.argv.slice(2);
if (out === undefined) {
  console.error('usage: node cli/node24.mjs backtest/sample-rows.ts OUT_FOLDER');
  process.exit(2);
}
const calendar = cmeCalendar();
const feed = generatorFeed({
  seed: SEED,
  universe: [ROOT],
  firstTradeDate: FIRST_TRADE_DATE,
  sessions: SESSIONS,
  calendar,
});
const rows = await candidateRows({ feed, calendar, root: ROOT, features: FEATURES });
const header = ['tradeDate', ...FEATURES, 'label'];
const lines = rows.map(({ tradeDate, values, label }) => [tradeDate, ...values, label]);
const dataset = {
  features: FEATURES.map((id) => ({ id, version: featureOf(id).version })),
  registryHash: registryHash(FEATURES),
  provenance: 'generated',
  generatorSeed: SEED,
};
await mkdir(out, { recursive: true });
await writeFile(join(out, 'rows.csv'), `${[header, ...lines].map((line) => line.join(',')).join('\n')}\n`);
await writeFile(join(out, 'dataset.json'), `${JSON.stringify(dataset, null, 2)}\n`);
console.error(`${rows.length} rows written to ${out}`);
