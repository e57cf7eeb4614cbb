import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { type Layout, TS_OUT_BYTES, WORD_BYTES } from '#adapters/databento/dbn/field.ts';
import { type DbnVersion, layoutOf } from '#adapters/databento/dbn/layouts.ts';
import { type DbnMetadata, liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import { encodeMetadata } from '#adapters/databento/dbn/metadata-writer.ts';
import { isZstd } from '#adapters/databento/dbn/zstd-frames.ts';
import { makeRandom, type Random } from '#adapters/databento/gateway/random.ts';
import { type FragmentTerms, referenceWalk } from './reference-walk.ts';

/** Bytes and how they are to be read. */
export interface DbnInput {
  readonly bytes: Uint8Array;
  readonly fragment: FragmentTerms;
}

/** DBN samples beside the checkout; they are not part of the project. */
const dbnSamples = new URL('../../../../../shared/data/dbn/', import.meta.url);

const RTYPES = 256;
const RECORDS_PER_FILE = 3;
/** Longer samples are cut behind the last whole record. */
const SAMPLE_BYTES_MAX = 6 * 1024;
const VERSIONS: readonly DbnVersion[] = [1, 2, 3];

/** Texts that the upgrade of old system and error records goes by. */
const messages = [
  'Heartbeat',
  'Subscription request 1 for trades data succeeded',
  'Warning: slow reading, 5 s behind',
  'Finished ohlcv-1m replay',
  'End of interval for ohlcv-1m',
  'User or API key deactivated',
  'User has reached their open connection limit',
  'Failed to resolve symbol ESZ9',
  'Internal error',
  'Slow client detected for mbp-1',
];

/** Inputs of every layout in every version, with and without `ts_out`, with headers of many kinds, and fragments. */
export function madeInputs(): DbnInput[] {
  const random = makeRandom(1, 'fuzz inputs');
  const inputs: DbnInput[] = [];
  for (const version of VERSIONS) {
    for (const tsOut of [false, true]) {
      const header = encodeMetadata(liveMetadata({ version, dataset: 'GLBX.MDP3', tsOut }));
      const all: Uint8Array[] = [];
      for (let rtype = 0; rtype < RTYPES; rtype++) {
        const layout = layoutOf(rtype, version);
        if (layout === undefined) continue;
        const records = Array.from({ length: RECORDS_PER_FILE }, () => madeRecord({ layout, rtype, tsOut, random }));
        inputs.push({ bytes: Buffer.concat([header, ...records]), fragment: false });
        all.push(records[0]!);
      }
      inputs.push({ bytes: Buffer.concat([header, ...all]), fragment: false });
      inputs.push({ bytes: Buffer.concat(all), fragment: { version, tsOut } });
      if (!tsOut) inputs.push({ bytes: Buffer.concat(all), fragment: true });
    }
    for (const metadata of madeMetadata(version)) {
      const layout = layoutOf(0x21, version)!;
      const record = madeRecord({ layout, rtype: 0x21, tsOut: metadata.ts_out, random });
      inputs.push({ bytes: Buffer.concat([encodeMetadata(metadata), record]), fragment: false });
    }
  }
  return inputs;
}

/** The files of the samples beside the checkout, decompressed and cut short; none when they are absent. */
export function sampleInputs(): DbnInput[] {
  if (!existsSync(dbnSamples)) return [];
  return readdirSync(dbnSamples, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(dbn|dbz|frag)(\.zst)?$/.test(path))
    .sort()
    .map((path) => {
      const stored = readFileSync(new URL(path, dbnSamples));
      // Of several frames the first one will do.
      const bytes = isZstd(stored) ? zstdDecompressSync(firstFrameOf(stored)) : stored;
      const fragment = path.includes('.frag');
      const { records, ending, endAt } = referenceWalk(bytes, fragment);
      if (bytes.length <= SAMPLE_BYTES_MAX) return { bytes, fragment };
      const last = records.findLast(({ at, length }) => at + length <= SAMPLE_BYTES_MAX);
      const cutAt = last === undefined ? SAMPLE_BYTES_MAX : last.at + last.length;
      return { bytes: bytes.subarray(0, ending === 'cut' ? Math.min(cutAt, endAt) : cutAt), fragment };
    });
}

function firstFrameOf(stored: Uint8Array): Uint8Array {
  // Node reads one frame; the bytes behind it must not be there.
  const { engine } = zstdDecompressSync(stored, { info: true, maxOutputLength: 2 ** 28 }) as unknown as {
    engine: { bytesWritten: number };
  };
  return stored.subarray(0, engine.bytesWritten);
}

/** A record whose fields hold random values, among them the extremes. */
export function madeRecord(kind: {
  readonly layout: Layout;
  readonly rtype: number;
  readonly tsOut: boolean;
  readonly random: Random;
}): Uint8Array {
  const { layout, rtype, tsOut, random } = kind;
  const size = layout.size + (tsOut ? TS_OUT_BYTES : 0);
  const bytes = new Uint8Array(size);
  for (const { type, offset, size: fieldBytes } of layout.fields) {
    if (type === 'text') writeText(bytes.subarray(offset, offset + fieldBytes), random);
    else if (type === 'char') bytes[offset] = 'TABN~'.charCodeAt(random.below(5));
    else fillNumber(bytes.subarray(offset, offset + fieldBytes), random);
  }
  if (tsOut) fillNumber(bytes.subarray(layout.size), random);
  bytes[0] = size / WORD_BYTES;
  bytes[1] = rtype;
  return bytes;
}

function fillNumber(field: Uint8Array, random: Random): void {
  const kind = random.below(6);
  // All ones, the largest signed one, or a small number.
  if (kind === 0) field.fill(0xff);
  else if (kind === 1) field.fill(0xff).set([0x7f], field.length - 1);
  else for (let index = 0; index < Math.min(field.length, 6); index++) field[index] = random.below(256);
}

function writeText(field: Uint8Array, random: Random): void {
  const text = random.below(2) === 0 ? messages[random.below(messages.length)]! : 'ESZ6-ESH7';
  Buffer.from(field.buffer, field.byteOffset, field.length).write(text.slice(0, field.length - 1), 'latin1');
}

function madeMetadata(version: DbnVersion): DbnMetadata[] {
  const live = liveMetadata({ version, dataset: 'GLBX.MDP3' });
  const symbols = ['ES.FUT', 'NQ.FUT', 'CL.c.0'];
  const mappings = symbols.map((raw_symbol, index) => ({
    raw_symbol,
    intervals: Array.from({ length: index }, (_, day) => ({
      start_date: 20260101 + day,
      end_date: 20260102 + day,
      symbol: String(4916 + day),
    })),
  }));
  const query: DbnMetadata = { ...live, schema: 'ohlcv-1m', stype_in: 'parent', start: 1n, end: 2n, limit: 5n };
  return [
    query,
    { ...query, symbols },
    { ...query, symbols, partial: ['ES.FUT'], not_found: ['XX.FUT'], mappings },
    { ...query, mappings, ts_out: true },
    ...(version === 1 ? [] : [{ ...query, symbols, symbol_cstr_len: 30 }]),
  ];
}
