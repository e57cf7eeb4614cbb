import { rtypes } from '#adapters/databento/dbn/enums.ts';
import type { Field } from '#adapters/databento/dbn/field.ts';
import { type DbnVersion, layoutOf } from '#adapters/databento/dbn/layouts.ts';
import type { StoredRecord } from '#adapters/databento/dbn/record.ts';
import { makeRandom, type Random } from '#adapters/generator/random.ts';

/** Records of each type beyond the ones made of zeros and of the largest values. */
const RANDOM_RECORDS = 4;

/** Texts from which an upgrade derives a code, and others. */
const messages: Readonly<Record<string, readonly string[]>> = {
  msg: [
    'Heartbeat',
    'Subscription request 0 for ohlcv-1m data succeeded',
    'Warning: slow reading, 3 s behind',
    'Finished trades replay',
    'End of interval for ohlcv-1m',
    'The gateway is about to restart',
  ],
  err: [
    'User or API key deactivated',
    'User has reached their open connection limit',
    'Failed to resolve symbol: ESZ9',
    'Internal error',
    'Slow client detected for mbp-1',
    'Authentication failed',
  ],
};

/** Letters of the fields whose getters in the official package know only these. */
const letters: Readonly<Record<string, string>> = {
  is_trading: 'YN~',
  is_quoting: 'YN~',
  is_short_sell_restricted: 'YN~',
  security_update_action: 'AMD~',
  user_defined_instrument: 'YN',
};
const LETTERS = 'ABCFKMNRSTY~ ';

/** Records of every type in the layouts of a version: zeros, largest values, random ones. The same in every run. */
export function randomRecords(version: DbnVersion): StoredRecord[] {
  const random = makeRandom(version, 'records');
  return Object.values(rtypes).flatMap((rtype) =>
    Array.from({ length: 2 + RANDOM_RECORDS }, (_, index) => recordOf(rtype, version, index, random)),
  );
}

function recordOf(rtype: number, version: DbnVersion, index: number, random: Random): StoredRecord {
  const layout = layoutOf(rtype, version);
  if (layout === undefined) throw new Error(`no layout for record type ${rtype}`);
  const record: Record<string, unknown> = { layout: layout.name };
  for (const field of layout.fields) {
    record[field.name] = messages[field.name]?.[index] ?? randomValue(field, index, random);
  }
  return { ...record, rtype, length: layout.size / 4 } as unknown as StoredRecord;
}

function randomValue(field: Field, index: number, random: Random): unknown {
  if (field.type === 'text') return textOf(field.size - 1, index, random);
  if (field.type === 'char') {
    const known = letters[field.name];
    return index === 0 && known === undefined ? '' : pick(known ?? LETTERS, random);
  }
  // Times are undefined or such that the official package can convert them to its own.
  const bits = field.type === 'time' && index > 1 ? 63n : BigInt(8 * field.size);
  const raw = BigInt.asUintN(Number(bits), bits64(random));
  const isSigned = field.type.startsWith('i') || field.type === 'price';
  const least = isSigned ? -(1n << (bits - 1n)) : 0n;
  const values = [isSigned ? least : 0n, least + (1n << bits) - 1n];
  const value = values[index] ?? raw + least;
  return field.size === 8 ? value : Number(value);
}

function textOf(lengthMax: number, index: number, random: Random): string {
  const length = [0, lengthMax][index] ?? Math.floor(random.uniform() * (lengthMax + 1));
  return Array.from({ length }, () => pick('ABCXYZ0123456789.-: ', random)).join('');
}

function pick(characters: string, random: Random): string {
  return characters[Math.floor(random.uniform() * characters.length)] ?? '';
}

function bits64(random: Random): bigint {
  return (BigInt(Math.floor(random.uniform() * 2 ** 32)) << 32n) | BigInt(Math.floor(random.uniform() * 2 ** 32));
}
