import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { downgradeRecord } from '#adapters/databento/dbn/downgrade.ts';
import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import {
  errorCodes,
  rtypeOfSchema,
  rtypes,
  type Schema,
  schemas,
  stypes,
  systemCodes,
} from '#adapters/databento/dbn/enums.ts';
import { type DbnVersion, layouts } from '#adapters/databento/dbn/layouts.ts';
import { type DbnMetadata, liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { StoredRecord } from '#adapters/databento/dbn/record.ts';
import { compressZstd } from '#adapters/databento/dbn/stream-writer.ts';
import { upgradeMetadata, upgradeRecord } from '#adapters/databento/dbn/upgrade.ts';
import { randomRecords } from './random-records.ts';

/**
 * Writes what the official package has to read into a folder, and on the standard output what it has to find in it:
 * `{ layouts, enums, files }` in one JSON object. Records there are taken from what the encoder was given.
 */
interface PeerFile {
  readonly path: string;
  readonly metadata: { readonly stored: DbnMetadata; readonly upgraded: DbnMetadata };
  readonly records: readonly { readonly stored: StoredRecord; readonly upgraded: StoredRecord }[];
}

const SENT_NS = 1_767_225_600_000_000_000n;

async function makeFiles(folder: string): Promise<PeerFile[]> {
  const files: PeerFile[] = [];
  for (const version of [1, 2, 3] as const) {
    const records = randomRecords(version);
    for (const isZstd of [false, true]) {
      for (const tsOut of [false, true]) {
        const metadata = liveMetadata({ version, dataset: 'GLBX.MDP3', start: SENT_NS, tsOut });
        files.push(await makeFile(folder, { metadata, records, isZstd }));
      }
      // The old records of unknown cadence have no schema.
      for (const schema of schemas) {
        const rtype = rtypeOfSchema(schema);
        files.push(
          await makeFile(folder, {
            metadata: queryMetadata(version, schema),
            records: records.filter((record) => record.rtype === rtype),
            isZstd,
          }),
        );
      }
    }
  }
  return files;
}

/** Writes each record as it is, and once more from its newest layout, from which the encoder has to convert it. */
async function makeFile(
  folder: string,
  file: { metadata: DbnMetadata; records: readonly StoredRecord[]; isZstd: boolean },
): Promise<PeerFile> {
  const { metadata, isZstd } = file;
  const { version, ts_out: tsOut, schema } = metadata;
  const encoder = new DbnEncoder({ version, tsOut });
  encoder.metadata(metadata);
  const records = file.records.flatMap((record, index) => {
    const newest = upgradeRecord(record);
    return [record, newest].map((given, twin) => {
      const sentNs = tsOut ? SENT_NS + BigInt(2 * index + twin) : undefined;
      encoder.record(given, sentNs);
      const stored = given === record ? record : downgradeRecord(newest, version);
      return { stored: sent(stored, sentNs), upgraded: sent(upgradeRecord(stored), sentNs) };
    });
  });
  const name = `${schema ?? 'live'}.v${version}${tsOut ? '.ts-out' : ''}.dbn${isZstd ? '.zst' : ''}`;
  const path = join(folder, name);
  const bytes = encoder.take();
  writeFileSync(path, isZstd ? Buffer.concat(await Array.fromAsync(compressZstd([bytes]))) : bytes);
  return { path, metadata: { stored: metadata, upgraded: upgradeMetadata(metadata) }, records };
}

/** The record with its send time, which its length includes. */
function sent(record: StoredRecord, sentNs: bigint | undefined): StoredRecord {
  return sentNs === undefined || record.layout === 'unknown'
    ? record
    : { ...record, length: record.length + 2, ts_out: sentNs };
}

/** Metadata of a query, with something in every list. */
function queryMetadata(version: DbnVersion, schema: Schema): DbnMetadata {
  const symbols = ['ES.FUT', 'NQ.FUT', 'A-SYMBOL-OF-21-BYTES.', 'ESZ9'];
  return {
    ...liveMetadata({ version, dataset: 'GLBX.MDP3', start: 1_704_067_200_000_000_000n }),
    schema,
    end: 1_704_153_600_123_456_789n,
    limit: 1000n,
    stype_in: 'parent',
    symbols,
    partial: ['NQ.FUT'],
    not_found: ['ESZ9'],
    mappings: symbols.slice(0, 3).map((raw_symbol, index) => ({
      raw_symbol,
      intervals: [
        { start_date: 20240101, end_date: 20240102, symbol: String(42_000 + index) },
        { start_date: 20240102, end_date: 20240131, symbol: '4294967295' },
      ],
    })),
  };
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: make-files.ts FOLDER');
mkdirSync(folder, { recursive: true });
const enums = { schemas, stypes, rtypes, systemCodes, errorCodes };
const found = { layouts, enums, files: await makeFiles(folder) };
process.stdout.write(JSON.stringify(found, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
